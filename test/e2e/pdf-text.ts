import { inflateSync } from 'node:zlib';

/**
 * The text of a PDF as Chromium writes it, without its blanks: what the glyphs of each of its fonts mean is in a table
 * beside the font. Which font a text is set in is not looked up: it is read with each of them, one reading a font.
 */
export function pdfTexts(pdf: Buffer): string[] {
  const streams = streamsOf(pdf);
  const meanings = streams.filter((stream) => stream.includes('beginbf')).map(glyphsOf);
  const drawn = streams
    .filter((stream) => / T[jJ]\b/.test(stream))
    .flatMap((stream) => stream.match(/<[0-9A-Fa-f]+>/g) ?? [])
    .flatMap((text) => text.slice(1, -1).match(/.{4}/g) ?? []);
  return meanings.map((glyphs) =>
    drawn
      .map((glyph) => glyphs.get(Number.parseInt(glyph, 16)) ?? '')
      .join('')
      .replace(/\s/g, ''),
  );
}

function streamsOf(pdf: Buffer): string[] {
  const found: string[] = [];
  for (let at = pdf.indexOf('stream'); at >= 0; at = pdf.indexOf('stream', at + 1)) {
    if (pdf.subarray(at - 3, at).toString('latin1') === 'end') continue;
    const start = pdf.indexOf('\n', at) + 1;
    const end = pdf.indexOf('endstream', start);
    try {
      found.push(inflateSync(pdf.subarray(start, end)).toString('latin1'));
    } catch {
      // A picture, or a font.
    }
  }
  return found;
}

function glyphsOf(table: string): Map<number, string> {
  const glyphs = new Map<number, string>();
  const hex = (text: string | undefined) => Number.parseInt(text ?? '', 16);
  for (const [, block = ''] of table.matchAll(/beginbfchar([\s\S]*?)endbfchar/g))
    for (const [, from, to] of block.matchAll(/<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>/g))
      glyphs.set(hex(from), String.fromCharCode(hex(to)));
  for (const [, block = ''] of table.matchAll(/beginbfrange([\s\S]*?)endbfrange/g))
    for (const [, from, upTo, to] of block.matchAll(
      /<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>/g,
    ))
      for (let glyph = hex(from); glyph <= hex(upTo); glyph++)
        glyphs.set(glyph, String.fromCharCode(hex(to) + glyph - hex(from)));
  return glyphs;
}
