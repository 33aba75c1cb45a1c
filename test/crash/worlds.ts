import { openGround, type Plot } from './ground.ts';
import { createWorld, type World } from './world.ts';

/** Worlds side by side: each waits for its processes most of the time. */
const WORLDS = 4;

export async function openWorlds(): Promise<{
  worlds: World[];
  plots: readonly Plot[];
  close(): Promise<void>;
}> {
  const ground = await openGround(WORLDS);
  const worlds = ground.plots.map((plot, index) => createWorld(plot, `W${index}`));
  return {
    worlds,
    plots: ground.plots,
    async close() {
      await Promise.all(worlds.map((world) => world.kill()));
      ground.close();
    },
  };
}
