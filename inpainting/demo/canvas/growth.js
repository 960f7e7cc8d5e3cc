// A hole dilated by a disc, exactly, in a time that does not depend on the disc's size.

/**
 * The pixels of `hole` grown by `distance`: one byte each, 1 = repaint.
 *
 * A pixel is set if the centre of a set pixel is within `distance` (photo pixels, >= 0) of its own.
 * Works inside `box` (the bounding box of what is set) and `distance` around it.
 */
export function grow(hole, box, distance) {
  const { width, height } = hole;
  const reach = Math.floor(Math.min(distance, width + height));
  const area = {
    left: Math.max(box.left - reach, 0),
    top: Math.max(box.top - reach, 0),
    right: Math.min(box.right + reach, width),
    bottom: Math.min(box.bottom + reach, height),
  };
  const most = Math.min(reach, height); // a vertical distance above this is as good as none
  const halves = halfWidths(Math.min(distance, width + height), most);
  const above = distancesAbove(hole, area, most + 1);
  return spread(hole, area, above, halves);
}

/** How far a disc of that radius reaches to either side in the row `index` above its middle. */
function halfWidths(radius, most) {
  const halves = new Int32Array(most + 2).fill(-1); // the last one is for "no set pixel near"
  for (let away = 0; away <= most; away += 1) {
    let half = Math.floor(Math.sqrt(radius ** 2 - away ** 2));
    while (half ** 2 + away ** 2 > radius ** 2) half -= 1; // the root is rounded
    while ((half + 1) ** 2 + away ** 2 <= radius ** 2) half += 1;
    halves[away] = half;
  }
  return halves;
}

/** For every pixel of the area, rows up to the next set one in its column, at most `none`. */
function distancesAbove({ data, width }, area, none) {
  const across = area.right - area.left;
  const above = new Uint16Array(across * (area.bottom - area.top));
  const column = new Uint16Array(across).fill(none);
  for (let y = area.top; y < area.bottom; y += 1) {
    const row = y * width + area.left;
    for (let x = 0; x < across; x += 1) {
      if (data[row + x]) column[x] = 0;
      else if (column[x] < none) column[x] += 1;
    }
    above.set(column, (y - area.top) * across);
  }
  return above;
}

/** Goes up with the distances to what lies below, and widens every row by its half-widths. */
function spread({ data, width, height }, area, above, halves) {
  const grown = new Uint8Array(width * height);
  const across = area.right - area.left;
  const none = halves.length - 1;
  const below = new Uint16Array(across).fill(none);
  for (let y = area.bottom - 1; y >= area.top; y -= 1) {
    const row = y * width + area.left;
    const known = (y - area.top) * across;
    let reach = -1;
    for (let x = 0; x < across; x += 1) {
      if (data[row + x]) below[x] = 0;
      else if (below[x] < none) below[x] += 1;
      if (above[known + x] > below[x]) above[known + x] = below[x];
      reach = Math.max(reach, x + halves[above[known + x]]);
      if (x <= reach) grown[row + x] = 1;
    }
    reach = across;
    for (let x = across - 1; x >= 0; x -= 1) {
      reach = Math.min(reach, x - halves[above[known + x]]);
      if (x >= reach) grown[row + x] = 1;
    }
  }
  return grown;
}
