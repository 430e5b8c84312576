// Package survey asks a FHIR R4 Questionnaire one question at a time.
//
// It is pure: (questionnaire, session, input) gives (session', prompt, answer). The web, SMS
// and the phone use it unchanged, so a person can leave on one channel and finish on another
// and the response is the same. Storing the session, raising alerts and wording the prompts
// for a channel are the caller's work.
package survey
