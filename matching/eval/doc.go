// Package eval decides whether a person fits a study's criteria, and says why.
//
// It is pure: Evaluate takes the criteria, plain data about one person and a day, touches
// nothing else, and gives the same answer every time. It is both the explainer of the product
// and the oracle the fast index is tested against.
//
// # Three values
//
// Every criterion is met, not met or unknown (Kleene's strong logic: and = min, or = max,
// not = −x). A person is excluded only by a known failing value; eligible when every
// criterion is known to be met; possible otherwise. A criterion says what to do with an
// unknown (Missing): ask (it stays unknown), fail or pass; the reason shows when that decided.
//
// # Time
//
// Dates are calendar dates; a partial date ("2019", "2019-05") is the whole interval, and
// something dated is known only when every day of the interval gives the same answer. The part
// of an interval after the as-of day is cut off: what is recorded has happened.
//   - Age is in completed years; someone born on 29 February has the birthday on 1 March in
//     other years.
//   - Windows are counted back from the as-of day by the calendar: years and months first,
//     clamped to the end of the month (31 May less a month is 30 April), then days. Both ends
//     belong to the window.
//   - Stale is not out of range: a value older than the window is unknown, even if it failed.
//   - Undated, with a window asked: unknown.
//   - An answer "yes, I have that" tells that it is so, not since when: it began on the day of the
//     answer or earlier. A record with the day of the note alone tells no more.
//   - Dated after the as-of day: unknown, and flagged, since the date must be wrong; but a fact
//     that was also recorded after that day did not exist yet and is left out.
//   - An end, and a stretch in a study, may lie ahead: neither is cut off or flagged, and a partial
//     one that may or may not have come leaves open whether it has.
//
// # Lists
//
// Not being on a list means "no" only when the list was confirmed (Lists); otherwise it is
// unknown. A condition holds when it is not over by the as-of day; Ever also counts past ones;
// with Within, any episode that began in the window counts, over or not. A medicine holds
// while it is being taken; with Within also when it ended, or was last ordered, in the window.
// An answer "no" to a code (Bool false) makes that code, not the list, known, whenever it was
// given. Given after the yes it stands against, it leaves the code unknown, unless Ever is asked.
//
// # Visits and times to come
//
// The last visit is a date like another. Nobody is known never to have had one: who has none on record
// is unknown, and the criterion's policy decides. Times to come are known only of people who were asked
// about each of Slots; then what they did not choose is a no.
//
// # Measurements
//
// The latest value in the window counts unless the criterion picks any, min or max. If two
// values could each be the latest and disagree, the result is unknown. A value with a
// comparator ("<5") is an interval. Units are converted exactly and by analyte (Measures); a unit that
// cannot be converted gives unknown.
package eval
