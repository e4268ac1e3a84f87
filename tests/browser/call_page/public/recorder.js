// Tells of every 10 ms how loud they are, and which part of it is a tone of 1 kHz (Goertzel).
const BLOCK = 480;
const TURN = 2 * Math.cos((2 * Math.PI * 1000) / sampleRate);

class Recorder extends AudioWorkletProcessor {
  #block = new Float32Array(BLOCK);
  #filled = 0;

  process([input]) {
    const samples = input?.[0];
    if (!samples) return true;
    for (const sample of samples) {
      this.#block[this.#filled++] = sample;
      if (this.#filled === BLOCK) {
        this.port.postMessage(this.#measured());
        this.#filled = 0;
      }
    }
    return true;
  }

  #measured() {
    let [energy, last, before] = [0, 0, 0];
    for (const sample of this.#block) {
      energy += sample * sample;
      const now = sample + TURN * last - before;
      before = last;
      last = now;
    }
    const tone = (2 * (last * last + before * before - TURN * last * before)) / BLOCK;
    return { rms: Math.sqrt(energy / BLOCK), share: energy > 0 ? tone / energy : 0 };
  }
}

registerProcessor("recorder", Recorder);
