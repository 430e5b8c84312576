package survey

// Sum is a score as the file declares it, for whoever reads the questionnaire.
type Sum struct {
	Label   string
	Items   []string // linkIds it adds up
	Prorate bool     // the mean of the rest stands for what is missing
	Bands   []string // "0–4 minimal"
}

// Sums lists what the questionnaire adds up, in lang.
func (q *Questionnaire) Sums(lang string) []Sum {
	var all []Sum
	for _, sc := range q.scores {
		s := Sum{Label: sc.label.to(lang), Prorate: sc.prorate}
		for _, it := range sc.items {
			s.Items = append(s.Items, it.linkID)
		}
		for _, b := range sc.bands {
			s.Bands = append(s.Bands, b.from+"–"+b.to+" "+b.label.to(lang))
		}
		all = append(all, s)
	}
	return all
}
