/** Where a search was found in a name, whatever accents and capitals either has. */

/** Letters as they are compared: no accents, no capitals. */
export function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

export interface Piece {
  readonly text: string;
  readonly found: boolean;
}

/** Cut a text into pieces of which those that were searched for are marked. */
export function marked(text: string, query: string): Piece[] {
  const words = folded(query).split(/\s+/).filter(Boolean);
  if (words.length === 0 || text === "") return [{ text, found: false }];
  // One folded character may stand for several of the text, and the other way round.
  const characters = [...text];
  let plain = "";
  const owner: number[] = [];
  for (const [index, character] of characters.entries()) {
    const simple = folded(character);
    plain += simple;
    for (let i = 0; i < simple.length; i++) owner.push(index);
  }
  const found = new Array<boolean>(characters.length).fill(false);
  for (const word of words) {
    for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + word.length)) {
      for (let i = at; i < at + word.length; i++) found[owner[i] as number] = true;
    }
  }
  const pieces: Piece[] = [];
  for (const [index, character] of characters.entries()) {
    // A loose accent belongs to the letter before it.
    const is = folded(character) === "" && index > 0 ? found[index - 1] === true : found[index];
    found[index] = is === true;
    const last = pieces.at(-1);
    if (last && last.found === is)
      pieces[pieces.length - 1] = { text: last.text + character, found: last.found };
    else pieces.push({ text: character, found: is === true });
  }
  return pieces;
}
