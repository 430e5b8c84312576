// Package survey asks a FHIR R4 Questionnaire one question at a time.
//
// It is pure: (questionnaire, session, input) gives (session', prompt, answer). The web, SMS
// and the phone use it unchanged, so a person can leave on one channel and finish on another
// and the response is the same. Storing the session, raising alerts and wording the prompts
// for a channel are the caller's work.
//
// The rules that shape it:
//
//   - Every answer is returned as it is stored; red flags (Flags) are looked at then, not at
//     the end. A hang-up loses nothing.
//   - A number keyed on the phone is read back (Prompt.Hint is HintConfirm), because a slip of
//     a key is silent there. The number is stored and flagged before the read-back; "no" asks
//     again and the new number replaces it (Prompt.Replaced). The open read-back is part of
//     the session (Session.Pending), so it too survives a hang-up; another channel drops it.
//     One-digit answers and choices are not read back; urn:muster:confirm on an item decides
//     otherwise.
//   - The next question is always the first one, in document order, that is enabled and has
//     no answer. Nothing is asked twice.
//   - Skipping is an answer too (Answer.Declined), other than not having been reached.
//   - Answers to items that are no longer enabled leave the session and are handed to the
//     caller (Prompt.Removed).
//   - A questionnaire that cannot be asked faithfully is refused by Parse, with the item, the
//     reason and the mend.
//   - Prompt.Section names the top-level group: a pre-screener that is decided is left when
//     the section changes, not on the deciding answer.
package survey
