package contacts_test

import (
	"bytes"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/rig"
)

// What a step makes of a person of the version before is what the program would have written; what it
// has made, or the program wrote, it leaves alone. Of somebody erased there is no place.
func TestPeopleOfTheVersionBefore(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	step := r.Store.Spec("people").Steps[1]
	join := func(p contacts.Person) string {
		s, err := r.People.SignUp(ctx, rig.Staff, contacts.SignUp{Person: p, Reason: "test"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s.Person.ID
	}
	known := join(contacts.Person{Given: "Ana", BirthDate: "1980-01-02", Sex: "female", Address: contacts.Address{ZIP: "15213"}})
	unknown := join(contacts.Person{Given: "Bob"})
	military := join(contacts.Person{Given: "Cid", Address: contacts.Address{ZIP: "09128"}})
	gone := join(contacts.Person{Given: "Dot", Address: contacts.Address{ZIP: "15213"}})
	kept := stored(t, r, gone) // a copy in which the sealed ZIP code still stands
	if err := r.People.Erase(ctx, rig.Staff, contacts.PersonID(gone), "asked", false); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		now  bson.Raw
		area string
	}{
		{"known", stored(t, r, known), "152"},
		{"nothing known", stored(t, r, unknown), ""},
		{"a ZIP code without a place", stored(t, r, military), ""},
		{"erased", stored(t, r, gone), ""},
		{"erased, and the key alone is gone", kept, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			same, err := step(test.now)
			if err != nil || !bytes.Equal(same, test.now) {
				t.Errorf("a person of this version is changed: %v", err)
			}
			after, err := step(without(t, test.now, "area", "sex", "birthYear"))
			if err != nil {
				t.Fatal(err)
			}
			again, err := step(after)
			if err != nil || !bytes.Equal(after, again) {
				t.Errorf("the second time it is changed: %v", err)
			}
			area, ok := after.Lookup("area").StringValueOK()
			if !ok || area != test.area {
				t.Errorf("area %q, %t, want %q", area, ok, test.area)
			}
			sex, ok := after.Lookup("sex").StringValueOK()
			year, ok2 := after.Lookup("birthYear").AsInt64OK()
			if !ok || !ok2 || sex != "" || year != 0 {
				t.Errorf("sex %q and year %d, %t, %t", sex, year, ok, ok2)
			}
		})
	}
}

func stored(t *testing.T, r *rig.Rig, id string) bson.Raw {
	t.Helper()
	raw, err := r.Store.Driver().Get(t.Context(), "people", id)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func without(t *testing.T, raw bson.Raw, keys ...string) bson.Raw {
	t.Helper()
	var d bson.D
	if err := bson.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	var rest bson.D
	for _, e := range d {
		leave := false
		for _, k := range keys {
			leave = leave || e.Key == k
		}
		if !leave {
			rest = append(rest, e)
		}
	}
	out, err := bson.Marshal(rest)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
