// Draws the panel: round dots with a glow, from the newest picture only.
//
// The pixels go into a canvas of the panel's own size. One drawing of it, enlarged without smoothing, is multiplied by
// a mask of dots drawn once for each size; two smooth enlargements on top are the glow. Five image copies a frame, all
// done by the graphics card where there is one, whatever the panel's size. Nothing is drawn while nothing changes.

const HEADER = 8;
const FEWEST = 3; // Device pixels from dot to dot, below which dots are mush.

export class Panel {
  #canvas;
  #context;
  #ambient;
  #room;
  #pixels = surface(1, 1);
  #soft = surface(1, 1);
  #image = null;
  #words = null;
  #mask = null;
  #off = null;
  #pending = null;
  #asked = false;
  #pitch = 0;
  #drawn = 0;
  #glows = matchMedia("(prefers-color-scheme: dark) and (prefers-reduced-motion: no-preference)");

  // `room` is the element whose width the panel and its bezel may fill; `onsize(width, height)` hears of each new size.
  constructor(canvas, ambient, room, onsize) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
    this.#ambient = ambient.getContext("2d");
    this.#room = room;
    this.onsize = onsize;
    new ResizeObserver(() => this.#fit()).observe(room);
  }

  // Takes a message of /api/v1/frames; answers whether it was one.
  take(buffer) {
    if (buffer.byteLength < HEADER) return false;
    const view = new DataView(buffer);
    const width = view.getUint16(0, true);
    const height = view.getUint16(2, true);
    if (!width || !height || buffer.byteLength !== HEADER + width * height * 3) return false;
    this.#pending = { width, height, rgb: new Uint8Array(buffer, HEADER) };
    this.#ask();
    return true;
  }

  #ask() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#draw();
    });
  }

  #draw() {
    const picture = this.#pending;
    this.#pending = null;
    if (picture) this.#unpack(picture);
    if (!this.#mask) return;
    const { width, height } = this.#pixels.canvas;
    const [wide, high] = [this.#canvas.width, this.#canvas.height];
    const to = this.#context;

    to.globalCompositeOperation = "copy";
    to.globalAlpha = 1;
    to.imageSmoothingEnabled = false;
    to.drawImage(this.#pixels.canvas, 0, 0, wide, high);
    to.globalCompositeOperation = "multiply";
    to.drawImage(this.#mask, 0, 0);

    to.globalCompositeOperation = "lighter";
    to.drawImage(this.#off, 0, 0);
    to.imageSmoothingEnabled = true;
    to.globalAlpha = 0.2;
    to.drawImage(this.#pixels.canvas, 0, 0, wide, high);
    this.#soft.drawImage(this.#pixels.canvas, 0, 0, this.#soft.canvas.width, this.#soft.canvas.height);
    to.globalAlpha = 0.26;
    to.drawImage(this.#soft.canvas, 0, 0, wide, high);

    // The light that falls on the wall behind: hardly any pixels, so a few times a second is plenty.
    if (this.#glows.matches && this.#drawn++ % 6 === 0) {
      this.#ambient.drawImage(this.#pixels.canvas, 0, 0, width, height, 0, 0, 24, 12);
    }
  }

  #unpack({ width, height, rgb }) {
    const { canvas } = this.#pixels;
    if (!this.#image || canvas.width !== width || canvas.height !== height) {
      this.#pixels = surface(width, height);
      this.#soft = surface(Math.max(1, width >> 2), Math.max(1, height >> 2));
      this.#soft.globalCompositeOperation = "copy";
      this.#image = this.#pixels.createImageData(width, height);
      this.#words = new Uint32Array(this.#image.data.buffer);
      this.#pitch = 0;
      this.#fit();
      this.onsize(width, height);
    }
    const words = this.#words;
    for (let at = 0, from = 0; at < words.length; at++, from += 3) {
      words[at] = 0xff000000 | (rgb[from + 2] << 16) | (rgb[from + 1] << 8) | rgb[from];
    }
    this.#pixels.putImageData(this.#image, 0, 0);
  }

  // Gives the canvas a whole number of device pixels for each dot, so that every dot looks the same.
  #fit() {
    if (!this.#image) return;
    const { width, height } = this.#pixels.canvas;
    const scale = devicePixelRatio || 1;
    const bezel = getComputedStyle(this.#canvas.parentElement);
    const room = this.#room.clientWidth - parseFloat(bezel.paddingLeft) - parseFloat(bezel.paddingRight);
    const tall = Math.max(160, innerHeight * 0.66);
    const fits = Math.floor(Math.min((room * scale) / width, (tall * scale) / height));
    const pitch = Math.min(40, Math.max(FEWEST, fits));
    const shown = Math.min(room, (pitch * width) / scale);
    this.#canvas.style.width = `${shown}px`;
    this.#canvas.style.aspectRatio = `${width} / ${height}`;
    if (pitch === this.#pitch) return;
    this.#pitch = pitch;
    this.#canvas.width = width * pitch;
    this.#canvas.height = height * pitch;
    this.#mask = dots(width, height, pitch, "#fff", "#000", 0.42);
    this.#off = dots(width, height, pitch, "#131312", "#000", 0.34);
    this.#ask();
  }
}

function surface(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas.getContext("2d");
}

// A field of dots: one drawn by hand, the rest a pattern of it.
function dots(width, height, pitch, colour, ground, radius) {
  const one = surface(pitch, pitch);
  one.fillStyle = ground;
  one.fillRect(0, 0, pitch, pitch);
  one.fillStyle = colour;
  one.beginPath();
  one.arc(pitch / 2, pitch / 2, Math.max(0.9, pitch * radius), 0, 2 * Math.PI);
  one.fill();
  const field = surface(width * pitch, height * pitch);
  field.fillStyle = field.createPattern(one.canvas, "repeat");
  field.fillRect(0, 0, width * pitch, height * pitch);
  return field.canvas;
}
