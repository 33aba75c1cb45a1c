import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { expect, onTestFinished, test } from 'vitest';
import { openScreens } from './open-screens.ts';
import { CODES } from './sample.ts';
import { scene } from './scenes.ts';
import { stageScene } from './stage.ts';

const { browser, till } = await openScreens();

const sizes = [
  [1_024, 600],
  [1_920, 1_080],
] as const;
const looks = sizes.flatMap(([width, height]) =>
  (['light', 'dark'] as const).map((theme) => ({ locale: 'zh-CN' as const, theme, width, height })),
);

test.for(looks)(
  'both codes are read from the screen’s pixels at $width×$height, $theme',
  { timeout: 60_000 },
  async (look) => {
    const { page, complaints, close } = await stageScene(browser, till, scene('waiting'), look);
    onTestFinished(close);
    const { data, width, height } = PNG.sync.read(await page.screenshot());
    for (const channel of ['alipay', 'wechat'] as const) {
      const box = await page.getByTestId(`qr-${channel}`).boundingBox();
      if (!box) throw new Error('The code is not on the screen.');
      expect(box.width).toBeGreaterThanOrEqual(look.height / 3);
      expect(box.height).toBeGreaterThanOrEqual(look.height / 3);
      const pixels = cut({ data, width }, box);
      expect(jsQR(pixels, Math.round(box.width), Math.round(box.height))?.data).toBe(CODES[channel]);
    }
    expect(height).toBe(look.height);
    expect(complaints).toEqual([]);
  },
);

/** The pixels of a box of the picture. */
function cut(
  picture: { data: Uint8Array; width: number },
  box: { x: number; y: number; width: number; height: number },
): Uint8ClampedArray {
  const [left, top, width, height] = [box.x, box.y, box.width, box.height].map(Math.round) as [
    number,
    number,
    number,
    number,
  ];
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let row = 0; row < height; row += 1) {
    const start = ((top + row) * picture.width + left) * 4;
    pixels.set(picture.data.subarray(start, start + width * 4), row * width * 4);
  }
  return pixels;
}
