package contacts

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/internal/seal"
)

// peopleSteps bring stored people to the version the program writes; see docstore/migrate.
func peopleSteps(keys *seal.Keys) map[int]docstore.Step {
	zip := keys.Fields("people", seal.ByField("_id"), "address.zip")
	return map[int]docstore.Step{1: func(stored bson.Raw) (bson.Raw, error) { return placeAreas(zip, stored) }}
}

// placeAreas: until version 1 an unknown sex or birth year was left out, which hides a person from
// an index over it, and there was no area. It is derived from the ZIP code, which is sealed; of
// whoever was erased there is none.
func placeAreas(sealed docstore.Codec, stored bson.Raw) (bson.Raw, error) {
	var person bson.D
	if err := bson.Unmarshal(stored, &person); err != nil {
		return nil, err
	}
	before := len(person)
	for _, field := range []bson.E{{Key: "birthYear", Value: int32(0)}, {Key: "sex", Value: ""}} {
		if _, err := stored.LookupErr(field.Key); err != nil {
			person = append(person, field)
		}
	}
	if _, err := stored.LookupErr("area"); err != nil {
		area, err := areaOf(sealed, stored)
		if err != nil {
			return nil, err
		}
		person = append(person, bson.E{Key: "area", Value: area})
	}
	if len(person) == before {
		return stored, nil
	}
	return bson.Marshal(person)
}

// areaOf opens the ZIP code and nothing else.
func areaOf(sealed docstore.Codec, stored bson.Raw) (string, error) {
	zip, err := stored.LookupErr("address", "zip")
	if err != nil {
		return "", nil // none
	}
	part, err := bson.Marshal(bson.D{{Key: "_id", Value: stored.Lookup("_id")}, {Key: "address", Value: bson.D{{Key: "zip", Value: zip}}}})
	if err != nil {
		return "", err
	}
	plain, err := sealed.Decode(context.Background(), part)
	if err != nil {
		return "", fmt.Errorf("open the ZIP code: %w", err)
	}
	text, _ := plain.Lookup("address", "zip").StringValueOK() // anything else: erased
	return geo.Area(text), nil
}
