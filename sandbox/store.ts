import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { StartError } from '../ports/service.ts';

/** The name of a file that is being written, see {@link DataFolder.write}. */
const UNFINISHED = /^[a-z]+\.json\.[0-9a-f-]{36}\.tmp$/;

/**
 * JSON files in the data folder, each replaced as a whole: written beside, synced, renamed. Whatever moment
 * the process dies at, the old or the new content is there. Readable by the owner alone: keys are inside.
 */
export class DataFolder {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Makes the folder when it is missing, and clears what a killed write left beside. Throws
   * {@link StartError} `data_unusable`.
   */
  static async open(folder: string): Promise<DataFolder> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const left = (await readdir(folder)).filter((name) => UNFINISHED.test(name));
      for (const name of left) await rm(join(folder, name), { force: true });
    } catch (error) {
      throw unusable(folder, error);
    }
    return new DataFolder(folder);
  }

  /** Null when there is no such file. Throws {@link StartError} `data_corrupt`, naming the file. */
  async read<T extends z.ZodType>(name: string, shape: T): Promise<z.output<T> | null> {
    const path = join(this.#folder, name);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw unusable(path, error);
    }
    try {
      return shape.parse(JSON.parse(text));
    } catch (error) {
      throw new StartError(
        'data_corrupt',
        `The file ${path} is damaged. Put back a copy, or remove it to begin anew (identity.json: new keys; ledger.json: no trades).`,
        { cause: error },
      );
    }
  }

  /** Resolves when the content is durable. Throws {@link StartError} `data_unusable`; the old content stays. */
  async write(name: string, content: object): Promise<void> {
    const path = join(this.#folder, name);
    const beside = `${path}.${randomUUID()}.tmp`;
    try {
      await writeDurably(beside, JSON.stringify(content));
      await rename(beside, path);
      await syncFolder(this.#folder);
    } catch (error) {
      await rm(beside, { force: true }).catch(() => {});
      throw unusable(path, error);
    }
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The rename is durable only with its folder; not every system lets a folder be opened. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, 'r');
  } catch {
    return;
  }
  try {
    await handle.sync();
  } catch {
    // Windows refuses to sync a folder and needs it not.
  } finally {
    await handle.close();
  }
}

function unusable(path: string, cause: unknown): StartError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  return new StartError(
    'data_unusable',
    `Cannot read or write ${path} (${code}). Choose another --data folder or mend its permissions.`,
    { cause },
  );
}

/** Many changes, few writes: all that is changed while a write runs is carried by the next one. */
export class Saver {
  readonly #write: () => Promise<void>;
  #changes = 0;
  #durable = 0;
  #running: Promise<void> | null = null;

  constructor(write: () => Promise<void>) {
    this.#write = write;
  }

  changed(): void {
    this.#changes++;
  }

  /** Resolves once every change so far is durable; rejects when it could not be written. */
  async saved(): Promise<void> {
    const wanted = this.#changes;
    while (this.#durable < wanted) {
      this.#running ??= this.#run();
      await this.#running;
    }
  }

  async #run(): Promise<void> {
    const carried = this.#changes;
    try {
      await this.#write();
      this.#durable = carried;
    } finally {
      this.#running = null;
    }
  }
}
