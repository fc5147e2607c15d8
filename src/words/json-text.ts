// JSON as it is printed. Its own rules escape what is below a space; a terminal also obeys the control characters above
// DEL and those that turn the direction of text, and some readers end a line at U+2028.

/** A value as an indented JSON document with a newline at the end, of which every character is seen. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )}\n`
}
