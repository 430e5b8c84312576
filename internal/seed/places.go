package seed

import (
	"fmt"
	"math/rand/v2"

	"github.com/muster-health/muster/internal/geo"
)

// region is where people live: real ZIP codes, and area codes whose clock is the same there.
type region struct {
	name  string
	share float64 // of the people without a story
	codes []string
	zips  []string
	home  string // the site whose staff keep these people; "" = any
}

var eastern = words("412 724 878 814 740 330 216 304 317")
var arizona = words("602 480 623 520")

// Numbers are scarce: each area code has a hundred fictional ones. The shares keep within them.
var regions = []region{
	{"pittsburgh", 0.28, eastern, words(`15201 15203 15205 15206 15207 15208 15210 15211 15212 15213 15214 15216 15217 15218 15221
		15224 15226 15228 15232 15235 15237 15239 15241 15243 15102 15108 15116 15044 15068 15090 15101 15120 15132 15146 15317 15601
		15642 15025 15065 15084 15012 15001 15042 15063`), "main"},
	{"butler", 0.09, eastern, words("16001 16002 16025 16033 16046 16053 16059 16063 16066 16101 16105 16117 16226 16229 16127"), "north"},
	{"ohio and beyond", 0.05, eastern, words("16501 15901 15701 44113 44106 44301 44702 44512 26003 26505 25301 43701 46204 46220"), ""},
	{"mesa", 0.14, arizona, words(`85201 85202 85203 85204 85205 85206 85210 85213 85224 85225 85233 85234 85248 85251 85257 85281 85282
		85295 85296 85008 85016 85018 85032 85040 85044 85301 85304 85308`), "mesa"},
	{"tucson", 0.05, arizona, words("85701 85705 85710 85719"), ""},
	{"chicago", 0.0375, words("312"), words("60601 60614"), ""},
	{"dallas", 0.0375, words("214"), words("75201 75204"), ""},
	{"denver", 0.04, words("303"), words("80202 80205"), ""},
	{"salt lake", 0.035, words("801"), words("84101 84105"), ""},
	{"albuquerque", 0.035, words("505"), words("87102 87106"), ""},
	{"el paso", 0.04, words("915"), words("79901 79912"), ""},
	{"portland", 0.0375, words("503"), words("97201 97202 97209"), ""},
	{"seattle", 0.0375, words("206"), words("98101 98103 98115"), ""},
	{"las vegas", 0.035, words("702"), words("89101 89109 89117"), ""},
	{"honolulu", 0.03, words("808"), words("96813 96814 96815 96816"), ""},
	{"anchorage", 0.025, words("907"), words("99501 99503 99504"), ""},
}

// stranger is a number of nobody in the registry.
const stranger = "+14125550199"

// numbers hands out fictional numbers, each once.
type numbers struct{ free map[string][]string } // by area code

// newNumbers leaves out the ten kept for the hospital and those of people with a story.
func newNumbers(r *rand.Rand) *numbers {
	kept := map[string]bool{}
	for i := range 10 {
		kept[fmt.Sprintf("+1412555010%d", i)] = true
	}
	kept[stranger] = true
	for _, p := range Story() {
		kept[p.Number] = true
		kept[p.other] = true
	}
	n := &numbers{map[string][]string{}}
	for _, g := range regions {
		for _, code := range g.codes {
			if n.free[code] != nil {
				continue
			}
			for i := range 100 {
				if v := fmt.Sprintf("+1%s55501%02d", code, i); !kept[v] {
					n.free[code] = append(n.free[code], v)
				}
			}
			r.Shuffle(len(n.free[code]), func(i, j int) {
				n.free[code][i], n.free[code][j] = n.free[code][j], n.free[code][i]
			})
		}
	}
	return n
}

// take gives the next number of a region, from the area code that has most left; "" when none is.
func (n *numbers) take(g *region) string {
	best := ""
	for _, code := range g.codes {
		if len(n.free[code]) > len(n.free[best]) {
			best = code
		}
	}
	left := n.free[best]
	if len(left) == 0 {
		return ""
	}
	n.free[best] = left[:len(left)-1]
	return left[len(left)-1]
}

// addressIn is a street that does not exist in a place that does.
func addressIn(r *rand.Rand, g *region) (line, city, state, zip string) {
	zip = pick(r, g.zips)
	p, _ := geo.Find(zip)
	return fmt.Sprintf("%d %s %s", 1+r.IntN(990), pick(r, streets), pick(r, streetKinds)), p.City, p.State, zip
}
