#!/usr/bin/env bash
# The worked examples of section 10, by hand: printf and xxd make the bytes, bash opens the socket. Nothing of this
# repository's code takes part, so a mistake that its reader and its writer share shows here. The bytes are read from
# the contract itself. A server is found by SERVER_HOST and SERVER_PORT, and is to be empty.
set -euo pipefail

host=${SERVER_HOST:-127.0.0.1}
port=${SERVER_PORT:-14567}
contract=$(dirname "$0")/../../protocol/PROTOCOL.md
deadline_seconds=10
failures=0
checked=0

# receive COUNT: the next bytes of the connection in hex; fewer if it ends.
receive() {
  timeout "$deadline_seconds" head -c "$1" <&3 | xxd -p | tr -d '\n'
}

# receive_frame: a whole frame in hex, its length included.
receive_frame() {
  local length
  length=$(receive 4)
  if [[ ${#length} -ne 8 ]]; then
    printf 'end of the connection'
    return
  fi
  printf '%s%s' "$length" "$(receive $((16#$length)))"
}

# matches WANTED GOT: an error may carry a text where the example shows none, so only its header is compared then.
matches() {
  local wanted=$1 got=$2
  if [[ $wanted == 00000008????01[9a-f]* ]]; then
    [[ ${got:8:16} == "${wanted:8:16}" ]]
  else
    [[ $got == "$wanted" ]]
  fi
}

# exchange WHAT REQUEST REPLY
exchange() {
  local what=$1 request=$2 wanted=$3 got
  printf '%s' "$request" | xxd -r -p >&3
  got=$(receive_frame)
  checked=$((checked + 1))
  if matches "$wanted" "$got"; then
    printf 'ok    %s\n' "$what"
  else
    printf 'FAIL  %s\n      sent      %s\n      expected  %s\n      received  %s\n' "$what" "$request" "$wanted" "$got"
    failures=$((failures + 1))
  fi
}

# Every example is a line with the request's bytes and the next one with the reply's: words, two or more spaces, hex.
section=$(sed -n '/^## 10\./,$p' "$contract")
# hex_lines: `what|bytes` for each line of section 10 that has bytes.
hex_lines() {
  sed -nE 's/^ {4}(.*[^ ])? {2,}([0-9a-f]{8}( [0-9a-f]+)*)$/\1|\2/p' <<<"$section" |
    sed -E ':again; s/(\|.*) /\1/; t again'
}

mapfile -t lines < <(hex_lines)
exec 3<>"/dev/tcp/$host/$port"
what='' request=''
for line in "${lines[@]}"; do
  text=${line%%|*} bytes=${line##*|}
  case $text in
    reply*) exchange "$what" "$request" "$bytes" ;;
    '{"status_code"'*) exchange "$what" "$request" "$bytes" ;;
    '')
      # The JSON request stands alone above its bytes, and comes on another connection.
      exec 3<>"/dev/tcp/$host/$port"
      what='GET foo as JSON' request=$bytes
      ;;
    *) what=$text request=$bytes ;;
  esac
  if [[ $text == *'then closed'* && -n $(receive 1) ]]; then
    printf 'FAIL  the connection is still open after the framing error\n'
    failures=$((failures + 1))
  fi
done
exec 3>&-

printf '%d examples, %d failures\n' "$checked" "$failures"
# Ten on the first connection and one on the other: fewer would mean that the contract's form was not understood.
[[ $checked -eq 11 && $failures -eq 0 ]]
