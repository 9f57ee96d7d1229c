package fhir

const maxInt32 = 1<<31 - 1

// isInteger wants the digits as the regex has them: no exponent, no leading
// zero, no plus sign.
func isInteger(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		n, ok := digits(b[1:])
		return ok && n <= maxInt32+1
	}
	return isUnsignedInt(b)
}

func isUnsignedInt(b []byte) bool {
	n, ok := digits(b)
	return ok && n <= maxInt32
}

func isPositiveInt(b []byte) bool { return isUnsignedInt(b) && b[0] != '0' }

// digits reads a whole number of at most ten digits without a leading zero.
func digits(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 10 || (b[0] == '0' && len(b) > 1) {
		return 0, false
	}
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// isDecimal is JSON's own grammar of numbers.
func isDecimal(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	whole := digitRun(b)
	if whole == 0 || (b[0] == '0' && whole > 1) {
		return false
	}
	b = b[whole:]
	if len(b) > 0 && b[0] == '.' {
		n := digitRun(b[1:])
		if n == 0 {
			return false
		}
		b = b[1+n:]
	}
	return len(b) == 0 || isExponent(b)
}

func isExponent(b []byte) bool {
	if b[0] != 'e' && b[0] != 'E' {
		return false
	}
	b = b[1:]
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		b = b[1:]
	}
	return len(b) > 0 && digitRun(b) == len(b)
}

// digitRun is how many digits b starts with.
func digitRun(b []byte) int {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
