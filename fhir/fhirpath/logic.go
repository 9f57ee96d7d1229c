package fhirpath

// logicExpr is and, or, xor, implies. The right side isn't evaluated where the
// left one decides.
type logicExpr struct {
	operator    string
	left, right expr
	offset      int
}

func (e *logicExpr) eval(m *machine, dst Collection) (Collection, error) {
	left, err := m.truth(e.left, e.offset, e.operator)
	if err != nil {
		return dst, err
	}
	switch {
	case e.operator == "and" && left == False:
		return False.append(dst), m.spend(1, e.offset)
	case e.operator == "or" && left == True, e.operator == "implies" && left == False:
		return True.append(dst), m.spend(1, e.offset)
	}
	right, err := m.truth(e.right, e.offset, e.operator)
	if err != nil {
		return dst, err
	}
	return combine(e.operator, left, right).append(dst), m.spend(1, e.offset)
}

// combine is FHIRPath's truth tables (http://hl7.org/fhirpath/N1/#boolean-logic).
func combine(operator string, left, right Truth) Truth {
	switch operator {
	case "and":
		if left == False || right == False {
			return False
		}
		if left == Unknown || right == Unknown {
			return Unknown
		}
		return True
	case "or":
		return combine("and", left.not(), right.not()).not()
	case "implies":
		return combine("or", left.not(), right)
	}
	if left == Unknown || right == Unknown {
		return Unknown
	}
	return truthOf(left != right)
}
