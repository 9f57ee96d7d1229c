package operation_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestExpressionsOfAPlanShareOneBudget: each condition costs less than one
// expression may, and all together too much.
func TestExpressionsOfAPlanShareOneBudget(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		one := `{"kind":"applicability","expression":{"language":"text/fhirpath","expression":` +
			`"(1|2|3|4|5|6|7|8|9).select((1|2|3|4|5|6|7|8|9)).select((1|2|3|4|5|6|7|8|9)).select((1|2|3|4|5|6|7|8|9)).count() > 0"}}`
		conditions := one + strings.Repeat(","+one, 199)
		action := fmt.Sprintf(`{"title":"a","condition":[%s]}`, conditions)
		a.put("PlanDefinition/costly", `{"resourceType":"PlanDefinition","id":"costly","status":"active","action":[`+
			action+strings.Repeat(","+action, 4)+`]}`)
		status, text := a.do("GET", "PlanDefinition/costly/$apply?subject=Patient/p1", "")
		a.refused(403, "too-costly", status, text)
	})
}
