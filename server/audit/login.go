package audit

import (
	"context"

	"caseway/auth"
)

// Login is something that happened at the authorization server.
type Login struct {
	What   string // "sign-in", "sign-out", "launch", "consent", "token", "revocation"
	OK     bool
	Reason string // a few words where not OK
	Who    *auth.Principal
}

// loginTypes are the types and subtypes that DICOM has codes for.
var loginTypes = map[string]struct{ typ, subtype Coding }{
	"sign-in":  {authentication, Coding{System: dicom, Code: "110122", Display: "Login"}},
	"sign-out": {authentication, Coding{System: dicom, Code: "110123", Display: "Logout"}},
	"launch":   {Coding{System: dicom, Code: "110100", Display: "Application Activity"}, Coding{System: own, Code: "launch"}},
}

var authentication = Coding{System: dicom, Code: "110114", Display: "User Authentication"}

// Login records what happened at the authorization server.
func (r *Recorder) Login(ctx context.Context, l Login) {
	types, known := loginTypes[l.What]
	if !known {
		types.typ, types.subtype = authentication, Coding{System: own, Code: l.What}
	}
	e := Event{
		Type: types.typ, Subtype: types.subtype, Action: Execute, Outcome: Success, Who: l.Who,
	}
	if !l.OK {
		e.Outcome, e.Reason, e.Unproven = Failure, l.Reason, true
	}
	r.Record(ctx, e)
}
