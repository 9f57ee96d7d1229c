package mapping

func displayOf(system, code string) string { return "" }
