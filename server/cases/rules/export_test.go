package rules

// WritableElements are the elements that the table of elements names, by type.
func WritableElements() map[string][]string {
	all := map[string][]string{}
	for typ, roles := range writable {
		for _, elements := range roles {
			all[typ] = append(all[typ], elements...)
		}
	}
	return all
}
