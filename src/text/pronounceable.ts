import { randomInt } from "node:crypto";

/** A random password of words of four letters, joined by dashes, that can be read aloud: "bado-keli-muta-rive". Each word has 12.6 bits. */
export const pronounceable = (words: number): string =>
  Array.from(
    { length: words },
    () =>
      randomLetter(consonants) +
      randomLetter(vowels) +
      randomLetter(consonants) +
      randomLetter(vowels),
  ).join("-");

const consonants = "bdfghjklmnprstvz";
const vowels = "aeiou";
const randomLetter = (letters: string): string => letters.charAt(randomInt(letters.length));
