package interaction

import (
	"context"

	"caseway/fhir"
)

// subscriptionGuard stores a Subscription of any other status as off, with a
// warning: nothing delivers notifications yet, and a subscription that is
// accepted and silent would be a lie.
type subscriptionGuard struct{}

// Check implements Guard.
func (subscriptionGuard) Check(_ context.Context, images []Image) ([]Image, []fhir.Issue, error) {
	var issues []fhir.Issue
	for i := range images {
		image := &images[i]
		if image.Key.Type != "Subscription" || image.After == nil {
			continue
		}
		status := image.After.Root().Child("status")
		if s := status.Text(); s == "" || s == "off" {
			continue
		}
		image.After = image.After.Replace([]fhir.Edit{{Node: status, Text: "off"}})
		issues = append(issues, fhir.Issue{
			Severity:   fhir.SeverityWarning,
			Code:       fhir.IssueNotSupported,
			Expression: image.At + ".status",
			Text:       "the subscription is stored with status off: this server doesn't send notifications yet",
		})
	}
	return nil, issues, nil
}
