// What is worked out of a value that does not change, worked out once.

/**
 * The function, with a memory for each value that lasts as long as the value does. It must depend on nothing else;
 * where it throws, nothing is kept.
 */
export function onceEach<T extends object, R>(make: (of: T) => R): (of: T) => R {
  const memory = new WeakMap<T, { readonly made: R }>()
  return (of) => {
    const known = memory.get(of)
    if (known !== undefined) return known.made
    const made = make(of)
    memory.set(of, { made })
    return made
  }
}
