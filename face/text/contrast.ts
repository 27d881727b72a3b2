/** How far two colours stand apart, and a colour that stands far enough (WCAG 2, relative luminance). */

function channel(value: number): number {
  const part = value / 255;
  return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

/** Relative luminance of 0xRRGGBB, 0 to 1 (WCAG). */
export function luminance(rgb: number): number {
  return 0.2126 * channel(rgb >> 16 & 255) + 0.7152 * channel(rgb >> 8 & 255) + 0.0722 * channel(rgb & 255);
}

/** Contrast of two colours, 1 to 21 (WCAG). */
export function contrast(first: number, second: number): number {
  const [light, dark] = [luminance(first), luminance(second)].sort((left, right) => right - left);
  return (light + 0.05) / (dark + 0.05);
}

/** `rgb` moved towards white or black until it stands 4.5:1 (or `floor`) on the background, else as far as it goes. */
export function onBackground(rgb: number, background: number, floor = 4.5): number {
  const target = luminance(background) < 0.18 ? 255 : 0;
  for (let share = 0; share <= 1; share += 0.04) {
    const mixed = [16, 8, 0].map((shift) => Math.round((rgb >> shift & 255) * (1 - share) + target * share));
    const shifted = (mixed[0] << 16) | (mixed[1] << 8) | mixed[2];
    if (contrast(shifted, background) >= floor) return shifted;
  }
  return target === 255 ? 0xffffff : 0;
}
