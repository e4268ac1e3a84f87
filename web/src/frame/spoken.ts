/** What is in a reader's language (RFC 5646, its first part), else the first there is. */
export function spokenTo<T extends { language: string }>(
  texts: readonly T[],
  reader: string,
): T | undefined {
  const spoken = ({ language }: T) => language.toLowerCase().split("-")[0];
  return texts.find((each) => spoken(each) === reader) ?? texts[0];
}
