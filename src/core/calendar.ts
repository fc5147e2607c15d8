// Days without a clock: core is told which day it is, as YYYY-MM-DD, and counts from there.

/** Is the text a day of the Gregorian calendar, written YYYY-MM-DD? */
export function isDay(text: string): boolean {
  const [, year, month, day] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []).map(Number)
  if (year === undefined || month === undefined || day === undefined) return false
  if (month < 1 || month > 12 || day < 1) return false
  const [next, of] = month === 12 ? [1, year + 1] : [month + 1, year]
  return day <= dayNumber(of, next, 1) - dayNumber(year, month, 1)
}

/** How many days the second comes after the first; negative where it comes before. Both are days as `isDay` has them. */
export function daysUntil(from: string, to: string): number {
  const number = (text: string): number => {
    const [year = 0, month = 1, day = 1] = text.split('-').map(Number)
    return dayNumber(year, month, day)
  }
  return number(to) - number(from)
}

/** Days since a fixed day long ago. The year begins in March, so that the day that some years have more comes last. */
function dayNumber(year: number, month: number, day: number): number {
  const early = month <= 2 ? 1 : 0
  const years = year - early
  const months = month + 12 * early - 3
  const leaps = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400)
  return 365 * years + leaps + Math.floor((153 * months + 2) / 5) + day
}
