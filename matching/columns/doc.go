// Package columns answers what matching asks of everybody: how many fit, what each criterion costs,
// who comes first, what to ask next. It holds people as columns of bits and counts a million of them
// in milliseconds.
//
// It does not know the rules. Where along ages, days, numbers or words an answer changes it finds by
// asking package eval about people of whom one thing is known; and people of whom more is to say than
// a cell holds it keeps, and has them judged by eval. So the two cannot disagree; the tests hold them
// against each other, and against SQL.
//
// A table answers for its own day and later ones. Nothing in it says who somebody is but an id.
//
// The parts: column (numbers), postings (codes on lists), bitset; facts, lists, traits, table (people
// in); ask, leaves, factleaf, listleaf, oursleaf (statements); predicate, cache (what was found); item
// (criteria over statements); count, rank, stock, relax (answers); snapshot and codec (on disk); memory.
package columns
