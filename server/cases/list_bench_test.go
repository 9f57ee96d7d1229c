package cases_test

import (
	"fmt"
	"net/http"
	"os"
	"testing"

	"caseway/fhir/interaction"
)

// caseload fills a store with adopted episodes of managers who have 250 each, of
// which 200 are open. It gives how many there are: 10,000, or with
// CASEWAY_BENCH_LARGE=1 100,000.
func (a *api) caseload() int {
	a.t.Helper()
	all := 10_000
	if os.Getenv("CASEWAY_BENCH_LARGE") == "1" {
		all = 100_000
	}
	const ext = "https://caseway.dev/fhir/StructureDefinition/"
	managers := all / 250
	for from := 0; from < all; from += 500 {
		var entries []object
		for i := from; i < from+500; i++ {
			n := i / managers // of the manager's own
			phase, status := []string{"opened", "assessing", "planning", "active", "monitoring"}[n%5], "active"
			if n >= 200 {
				phase, status = "closed", "finished"
			}
			id := fmt.Sprintf("e%06d", i)
			entries = append(entries, object{
				"resource": object{
					"resourceType": "EpisodeOfCare", "id": id, "status": status,
					"patient":     object{"reference": fmt.Sprintf("Patient/p%d", i%5000), "display": "A client"},
					"careManager": object{"reference": fmt.Sprintf("Practitioner/m%d", i%managers), "display": "A manager"},
					"period":      object{"start": "2026-01-01"},
					"type": []object{
						{"coding": []object{{"system": "https://caseway.dev/fhir/CodeSystem/case-model", "code": []string{"clinical", "intensive"}[i%2]}}},
						{"coding": []object{{"system": "https://caseway.dev/fhir/CodeSystem/case-setting", "code": "home-health"}}},
					},
					"statusHistory": []object{{"status": status, "period": object{"start": "2026-01-01T10:00:00Z"}}},
					"extension": []object{
						{"url": ext + "episode-phase", "valueCode": phase},
						{"url": ext + "next-due", "extension": []object{
							{"url": "date", "valueDateTime": fmt.Sprintf("20%02d-03-01", 20+n%20)}, {"url": "kind", "valueString": "task"},
						}},
					},
				},
				"request": object{"method": "PUT", "url": "EpisodeOfCare/" + id},
			})
		}
		body := text(object{"resourceType": "Bundle", "type": "transaction", "entry": entries})
		if _, err := a.engine.Bundle(a.t.Context(), interaction.BundleRequest{Body: []byte(body), Return: interaction.ReturnMinimal}); err != nil {
			a.t.Fatal(err)
		}
	}
	return all
}

// BenchmarkListCases lists the first page of a manager's open cases, another's
// each time.
func BenchmarkListCases(b *testing.B) {
	a := emptySQLite(b)
	managers := a.caseload() / 250
	for name, query := range map[string]string{
		"open":    "&phase=referred,opened,assessing,planning,awaiting-approval,active,monitoring,on-hold,reopened",
		"all":     "",
		"overdue": "&overdue=true",
	} {
		b.Run(name, func(b *testing.B) {
			i := 0
			for b.Loop() {
				i++
				path := fmt.Sprintf("/cases?assignee=Practitioner/m%d&count=50%s", i%managers, query)
				if got := a.do("GET", path, ""); got.status != http.StatusOK || len(got.body) < 5000 {
					b.Fatalf("%d %.300s", got.status, got.body)
				}
			}
		})
	}
}
