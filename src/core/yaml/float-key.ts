// Floats as mapping keys, which sigs.k8s.io/yaml prints the way goyaml.v2 marshals them: as a float32.

/**
 * `strconv.FormatFloat(value, 'g', -1, 32)`, with goyaml's names for what is not a number: the fewest
 * digits that read back as the same float32, with an exponent below 1e-04 and from 1e+06 on.
 */
export function floatKey(value: number): string {
  const single = Math.fround(value)
  if (Number.isNaN(single)) return '.nan'
  if (!Number.isFinite(single)) return single < 0 ? '-.inf' : '.inf'
  if (single === 0) return Object.is(single, -0) ? '-0' : '0'
  const [digits, exponent] = shortest(Math.abs(single))
  const sign = single < 0 ? '-' : ''
  if (exponent < -4 || exponent >= 6) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
    const power = String(Math.abs(exponent)).padStart(2, '0')
    return `${sign}${digits.slice(0, 1)}${fraction}e${exponent < 0 ? '-' : '+'}${power}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const fraction = digits.slice(exponent + 1)
  return sign + (fraction === '' ? whole : `${whole}.${fraction}`)
}

/** The fewest significant digits that name this float32, and the power of ten of the first. */
function shortest(single: number): [string, number] {
  for (let precision = 1; precision < 9; precision += 1) {
    const text = single.toExponential(precision - 1)
    if (Math.fround(Number(text)) === single) return split(text)
  }
  return split(single.toExponential(8))
}

function split(text: string): [string, number] {
  const [mantissa = '', exponent = '0'] = text.split('e')
  return [mantissa.replace('.', '').replace(/0+$/, '') || '0', Number(exponent)]
}
