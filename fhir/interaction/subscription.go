package interaction

import (
	"context"
	"slices"

	"caseway/fhir"
)

// subscriptionGuard refuses a Subscription that asks for notifications: nothing
// delivers them yet, and one that is accepted and silent would be a lie.
type subscriptionGuard struct{}

// silent are the statuses with which nothing is delivered
// (https://hl7.org/fhir/R4/valueset-subscription-status.html).
var silent = []string{"off", "error"}

// Check implements Guard.
func (subscriptionGuard) Check(_ context.Context, p *Pending) error {
	var wrong []fhir.Issue
	for _, image := range p.Images {
		if image.Key.Type != "Subscription" || image.After == nil {
			continue
		}
		status := image.After.Root().Child("status").Text()
		if status == "" || slices.Contains(silent, status) {
			continue
		}
		wrong = append(wrong, fhir.Issue{
			Severity:   fhir.SeverityError,
			Code:       fhir.IssueNotSupported,
			Expression: image.At + ".status",
			Text:       "can't be " + status + ": this server doesn't send notifications yet; a Subscription can be stored with status off",
		})
	}
	if wrong != nil {
		return &fhir.Error{Kind: fhir.Unprocessable, Issues: wrong}
	}
	return nil
}
