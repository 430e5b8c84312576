// Package filter turns the criteria of a study into queries that leave out people of whom the database
// can be told, without opening anything, that they are excluded.
//
// It is sound: whoever is eligible or possible is found. It says nothing of the others: whoever is
// found must still be judged by eval.
//
// # Why it is sound
//
// Nothing is written here twice: eval itself decides, over a person of whom only what stands in
// clear is known. Kleene's logic is monotone: an answer that is known with little information stays
// with more. So if eval excludes somebody of whom a birth year alone is known, it excludes everybody
// born that year. Three things are not monotone, and are taken out first:
//   - the policy for unknowns (missing: fail or pass) decides by what is not known. Where the person in
//     question may know more than the database shows, it is dropped, and the unknown stays one;
//   - a birth date after the as-of day is an error, and unknown, while the year alone counts up to
//     that day. The last day of each year is therefore tried as well;
//   - whether somebody has a mobile phone, a fact can say otherwise than their numbers do.
//
// What is asked: the birth year, as a partial date; whoever was 90 when they were written last stands
// under one year with everybody older. Sex. The area, which is every ZIP code of three equal digits
// whose place is known, each tried at its distance from the sites. Of people who are read, language,
// interpreter and death as well.
package filter
