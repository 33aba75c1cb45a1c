import { create } from 'qrcode';
import { type CSSProperties, useMemo } from 'react';

/** Modules of white around a code, as the standard asks for. */
const QUIET_MODULES = 4;

/** A QR code as one path: black on white in every theme, each module a whole number of pixels. */
export function QrCode({ text, label, testId }: { text: string; label: string; testId: string }) {
  const { path, modules } = useMemo(() => drawn(text), [text]);
  return (
    <svg
      className="qr"
      style={{ '--modules': modules } as CSSProperties}
      viewBox={`0 0 ${modules} ${modules}`}
      shapeRendering="crispEdges"
      role="img"
      aria-label={label}
      data-testid={testId}
    >
      <rect width={modules} height={modules} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

function drawn(text: string): { path: string; modules: number } {
  const { size, data } = create(text, { errorCorrectionLevel: 'M' }).modules;
  let path = '';
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      if (!data[y * size + x]) continue;
      let width = 1;
      while (x + width < size && data[y * size + x + width]) width += 1;
      path += `M${x + QUIET_MODULES} ${y + QUIET_MODULES}h${width}v1h-${width}z`;
      x += width;
    }
  }
  return { path, modules: size + 2 * QUIET_MODULES };
}
