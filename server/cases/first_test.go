package cases_test

import (
	"net/http"
	"testing"
)

// TestCasesThatComeInOverFHIR are judged as a whole, and bound from then on.
func TestCasesThatComeInOverFHIR(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.directory()
		episode := func(id, phase string) object {
			return object{
				"resourceType": "EpisodeOfCare", "id": id, "status": "active", "patient": object{"reference": "Patient/p1"},
				"careManager": object{"reference": "Practitioner/manager"},
				"type": []object{
					{"coding": []object{{"system": "https://caseway.dev/fhir/CodeSystem/case-model", "code": "clinical"}}},
					{"coding": []object{{"system": "https://caseway.dev/fhir/CodeSystem/case-setting", "code": "community"}}},
				},
				"extension": []object{{"url": "https://caseway.dev/fhir/StructureDefinition/episode-phase", "valueCode": phase}},
			}
		}
		offer := func(share int) object {
			item := func(code string, value int, more object) object {
				more["entityCodeableConcept"] = object{"coding": []object{{"system": "https://caseway.dev/fhir/CodeSystem/cost-item", "code": code}}}
				more["net"] = object{"value": value, "currency": "USD"}
				return more
			}
			return object{
				"resourceType": "Contract", "status": "offered", "subject": []object{{"reference": "Patient/p1"}},
				"meta":       object{"tag": []object{{"system": "https://caseway.dev/fhir/CodeSystem/case", "code": "b"}}},
				"legalState": object{"coding": []object{{"system": "http://hl7.org/fhir/contract-legalstate", "code": "offered"}}},
				"author":     object{"reference": "Organization/pharmacy"},
				"term": []object{{
					"offer": object{
						"type":  object{"coding": []object{{"system": "https://caseway.dev/fhir/CodeSystem/round-kind", "code": "offer"}}},
						"party": []object{{"reference": []object{{"reference": "Organization/pharmacy"}}, "role": object{"coding": []object{{"system": "https://caseway.dev/fhir/CodeSystem/offer-role", "code": "offeror"}}}}},
					},
					"asset": []object{{"valuedItem": []object{
						item("list-price", 5000, object{}),
						item("share", share, object{"responsible": object{"reference": "Organization/insurer"}}),
					}}},
				}},
			}
		}
		bundle := func(entries ...object) string {
			return text(object{"resourceType": "Bundle", "type": "transaction", "entry": entries})
		}
		put := func(r object) object {
			return object{"resource": r, "request": object{"method": "PUT", "url": "EpisodeOfCare/" + r["id"].(string)}}
		}
		post := func(r object) object {
			return object{"resource": r, "request": object{"method": "POST", "url": r["resourceType"]}}
		}

		unmanaged := episode("a", "opened")
		delete(unmanaged, "careManager")
		a.refusedOverFHIR("manager-needed", a.do("PUT", "/fhir/EpisodeOfCare/a", text(unmanaged)))
		a.refusedOverFHIR("manager-needed", a.do("POST", "/fhir/EpisodeOfCare", text(unmanaged)))
		a.refusedOverFHIR("phase-unknown", a.do("PUT", "/fhir/EpisodeOfCare/a", text(episode("a", "waiting"))))
		a.refusedOverFHIR("shares-must-add-up", a.do("POST", "/fhir", bundle(put(episode("b", "active")), post(offer(4000)))))
		if got := a.do("GET", "/fhir/EpisodeOfCare/b", ""); got.status != http.StatusNotFound {
			t.Errorf("what was refused is there: %d", got.status)
		}
		if got := a.do("POST", "/fhir", bundle(put(episode("b", "active")), post(offer(5000)))); got.status != http.StatusOK {
			t.Fatalf("got %d %s, want 200", got.status, got.body)
		}
		v := a.view(a.do("GET", "/cases/b?view=whole", ""), http.StatusOK)
		if len(v.Case.History) != 1 || len(v.Case.Agreements) != 1 {
			t.Errorf("the case that came in is %+v", v.Case)
		}
		r, etag := a.stored("EpisodeOfCare/b")
		r["extension"].([]any)[0].(object)["valueCode"] = "opened"
		a.refusedOverFHIR("phase-not-allowed", a.do("PUT", "/fhir/EpisodeOfCare/b", text(r), "If-Match", etag))
	})
}
