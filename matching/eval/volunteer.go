package eval

// ForVolunteer is all that a volunteer is told of a study and themselves: the same words whatever
// criterion decided. A reason would teach the next visitor what to answer, and would tell whoever
// reads along something about their health. It gets the class alone, so it cannot say more; who is
// eligible and who is possible read the same. The words are keys of internal/i18n, where those for
// volunteers are checked.
func ForVolunteer(c Class, say func(key string) string) string {
	if c == Excluded {
		return say("common.fit.not")
	}
	return say("common.fit.maybe")
}
