import type { ChildProcess } from 'node:child_process';

/**
 * Where a started service listens, by what it says. Its output is read on: a closed pipe would end a process
 * that has more to say.
 */
export function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      said += piece;
      const match = /^listening (\S+)\n/.exec(said);
      if (match?.[1]) resolve(match[1]);
    });
    child.once('exit', () => reject(new Error(`It did not listen: ${said}`)));
  });
}
