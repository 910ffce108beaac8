/**
 * Defects that a log may have, each planted in a copy of the sources. The simulation must find every one of them: one
 * that it does not find, it would not find in earnest either.
 */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'the log is never synced',
    file: 'log-writer.ts',
    find: '      await file.sync();\n    } catch',
    replace: '    } catch',
  },
  {
    name: 'a log that goes on in another file is not synced to its end',
    file: 'log-writer.ts',
    find: '        await each.sync();\n',
    replace: '',
  },
  {
    name: 'replies leave before the log is written',
    file: 'log-writer.ts',
    find: '    return this.flush();',
    replace: '    this.#options.defer(() => this.flush());\n    return true;',
  },
  {
    name: 'what comes in while a sync is under way counts as synced',
    file: 'log-writer.ts',
    find: '    this.#serve(sequence);',
    replace: '    this.#serve(this.writtenSequence);',
  },
  {
    name: 'a sync that failed counts as done',
    file: 'log-writer.ts',
    find: "      this.#isSyncing = false;\n      this.#become('failed', asError(error));\n      return;\n",
    replace: '',
  },
  {
    name: 'a short write counts as whole',
    file: 'log-writer.ts',
    find: 'done += writtenBytes;',
    replace: 'done = block.length;',
  },
  {
    name: 'a write that failed is tried again behind what is half there',
    file: 'log-writer.ts',
    find: '      this.#fail(error);\n      return false;',
    replace: '      this.#atBytes += 7;\n      this.#fail(error);\n      return false;',
  },
  {
    name: 'the manifest is not synced before it is renamed',
    file: 'manifest.ts',
    find: '    await file.sync();\n',
    replace: '',
  },
  {
    name: 'the directory is not synced behind a new manifest',
    file: 'manifest.ts',
    find: '  await disk.syncDirectory();\n',
    replace: '',
  },
  {
    name: 'the directory is not synced behind a new log',
    file: 'data-files.ts',
    find: '      await this.#disk.syncDirectory();\n    } catch',
    replace: '    } catch',
  },
  {
    name: 'the manifest names a snapshot that is not synced',
    file: 'snapshot.ts',
    find: '    await file.sync();\n    return',
    replace: '    return',
  },
  {
    name: 'a snapshot is named before the log behind it is synced',
    file: 'data-log.ts',
    find: '        await writer.synced();\n      }\n      await disk.syncDirectory();',
    replace: '      }\n      await disk.syncDirectory();',
  },
  {
    name: 'changes that come while a new log begins are told to neither',
    file: 'data-log.ts',
    find: '    const log = writer === undefined ? undefined : await this.#nextLog(writer);\n',
    replace:
      '    store.sink = undefined;\n' +
      '    const log = writer === undefined ? undefined : await this.#nextLog(writer);\n' +
      '    store.sink = writer ?? this.#changes;\n',
  },
  {
    name: 'old files are removed before the manifest is replaced',
    file: 'data-log.ts',
    find: '      isNamed = true;\n',
    replace:
      '      isNamed = true;\n      for (const each of this.#files.manifest.logs) if (each !== number) await disk.remove(`log-${each}`);\n',
  },
  {
    name: 'checksums are ignored',
    file: 'block-reader.ts',
    find: "    if (!isSealed(this.bytes, start, blockBytes, this.#headCrc)) return 'bad';\n",
    replace: '',
  },
  {
    name: 'sequences are ignored',
    file: 'recovery.ts',
    find: 'if (sequence === this.#nextSequence && !isSought) {',
    replace: 'if (!isSought) {\n      this.#nextSequence = sequence;',
  },
  {
    name: 'a torn tail is taken for damage',
    file: 'recovery.ts',
    find: 'sequence - unsynced > this.#nextSequence',
    replace: 'sequence > this.#nextSequence',
  },
  {
    name: 'what was read is not made safe before it is built on',
    file: 'data-log.ts',
    find: '    await rewriteParts(this.#deps.disk, recovered.unsafe);\n',
    replace: '',
  },
  {
    name: 'what was read is synced but not written anew',
    file: 'unsafe-tail.ts',
    find: '        await file.write(piece, at);\n',
    replace: '',
  },
  {
    name: 'counters go on behind the greatest that is left',
    file: 'recovery.ts',
    find: '      this.#sink.counters(greatestVersion, greatestToken);\n',
    replace: '',
  },
  {
    name: 'deletions are not logged',
    file: 'log-writer.ts',
    find: '    writeRemove(this.#writer, item);\n    this.#told();',
    replace: '    void item;',
  },
  {
    name: 'items are copied when what they were read from is something else by now',
    file: 'frame-puts.ts',
    find: '    this.writeTo(writer);\n    this.#input = bytes;\n',
    replace: '    this.#input ??= bytes;\n',
  },
  {
    name: 'a deletion goes before the items that were collected',
    file: 'log-writer.ts',
    find: '    this.#puts.writeTo(this.#writer);\n    writeRemove(',
    replace: '    writeRemove(',
  },
  {
    name: 'times are told before the items that were collected',
    file: 'log-writer.ts',
    find: '    this.#puts.writeTo(this.#writer);\n    writeTouch(',
    replace: '    writeTouch(',
  },
  {
    name: 'items that do not follow each other are collected together',
    file: 'frame-puts.ts',
    find: '(start === this.#end || this.#hasGetsUpTo(start))',
    replace: '(this.#end !== NOWHERE && start >= this.#end)',
  },
  {
    name: 'what is no GET is collected with the items around it',
    file: 'frame-puts.ts',
    find: 'while (at < start && this.#bytes[at + LENGTH_BYTES] === OPCODE.GET)',
    replace: 'while (at < start)',
  },
  {
    name: 'items that are read together have one version',
    file: 'records.ts',
    find: 'item.version = version + changes++;',
    replace: 'item.version = version;\n      changes++;',
  },
  {
    name: 'locks are not logged',
    file: 'records.ts',
    find: '| (token > 0 ? FLAG.TOKEN : 0)',
    replace: '',
  },
  {
    name: 'a sync at once that failed counts as done',
    file: 'log-writer.ts',
    find: "      this.#become('failed', asError(error));\n      return false;\n    }\n    this.#pace",
    replace: '    }\n    this.#pace',
  },
  {
    name: 'a sync at once is left out',
    file: 'log-writer.ts',
    find: '      this.#log.file.syncNow();\n',
    replace: '',
  },
  {
    name: 'zeros are written over the end of the log',
    file: 'log-writer.ts',
    find: '    const from = Math.max(this.#zerosTo, this.#atBytes);',
    replace: '    const from = Math.max(this.#zerosTo, this.#atBytes - 1);',
  },
  {
    name: 'a last block that ends with zeros ends with the log',
    file: 'block-reader.ts',
    find: 'const leftBytes = this.sizeBytes - this.at;',
    replace: 'const leftBytes = this.zerosAt - this.at;',
  },
  {
    name: 'a snapshot that is tried again stands before the end of its log',
    file: 'data-log.ts',
    find: 'return this.#begun;\n    this.#begun',
    replace: 'return { ...this.#begun, firstSequence: writer.writtenSequence + 1 };\n    this.#begun',
  },
  {
    name: 'a snapshot that the manifest may name is written anew',
    file: 'data-log.ts',
    find: '      this.#begun = undefined;\n',
    replace: '      if (this.#begun === undefined) this.#begun = undefined;\n',
  },
];
