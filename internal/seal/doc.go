// Package seal keeps personal data unreadable in the database.
//
// Two levels. A key ring, one file kept apart from the database, wraps one data key per person;
// the data key seals that person's names, numbers and words wherever they are stored. Erasing a
// person destroys the data key, and every copy of what it sealed (documents, audit entries,
// backups) stays sealed for good. The ring also makes keyed look-up hashes and vouches for the
// audit chain.
//
// Primitives come from Tink: AES-256-GCM to wrap and to seal, HMAC-SHA-256 for look-ups and the
// chain, Ed25519 for checkpoints.
package seal
