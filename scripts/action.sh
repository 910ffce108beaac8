#!/usr/bin/env bash
# What action.yml runs: `speicher spec` with the inputs of the action, and the reports in one directory. SPEC_MAIN is
# the command's program; the password is in SPEICHER_PASSWORD, where no list of processes shows it.
set -euo pipefail
# Patterns have asterisks, which are none of the shell's business.
set -f

arguments=()
add() {
  if [[ -n $2 ]]; then arguments+=("$1" "$2"); fi
}
if [[ -n $INPUT_TARGET ]]; then arguments+=("$INPUT_TARGET"); fi
add --spawn "$INPUT_SPAWN"
add --profiles "$INPUT_PROFILES"
add --expected-failures "$INPUT_EXPECTED_FAILURES"
add --seed "$INPUT_SEED"
add --timeout-scale "$INPUT_TIMEOUT_SCALE"
for pattern in $INPUT_RUN; do add --run "$pattern"; done
if [[ $INPUT_ALLOW_RESET == true ]]; then arguments+=(--allow-reset); fi
if [[ -z $SPEICHER_PASSWORD ]]; then unset SPEICHER_PASSWORD; fi

mkdir -p "$INPUT_REPORT"
for report in json:run.ndjson junit:junit.xml html:report.html badge:badge.svg; do
  arguments+=("--${report%%:*}" "$INPUT_REPORT/${report#*:}")
done
exec node "$SPEC_MAIN" spec "${arguments[@]}" --github
