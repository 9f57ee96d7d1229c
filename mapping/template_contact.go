package mapping

// ContactElements are the elements by which the request that a contact of a kind
// is planned as is known for one: by how people meet in a CommunicationRequest,
// by Caseway's extensions in an Appointment. Nil for what isn't a kind of contact
// or can't plan one.
func ContactElements(resourceType, kind string) map[string]any {
	medium := contactMedium.toFHIR[kind]
	switch {
	case medium == "":
	case resourceType == "CommunicationRequest":
		return map[string]any{"medium": []any{codes(mediaCodes, medium, "")}}
	case resourceType == "Appointment":
		return map[string]any{"extension": []any{
			map[string]any{"url": extensionURL(plannedMark), "valueBoolean": true},
			map[string]any{"url": extensionURL("contact-kind"), "valueCode": kind},
		}}
	}
	return nil
}

// ContactKindIn is the kind of contact that a code of Caseway's names, "" for
// another code.
func ContactKindIn(system, code string) string {
	if system != systemOf("contact-kind") || contactMedium.toFHIR[code] == "" {
		return ""
	}
	return code
}
