package external

import (
	"strings"

	"caseway/auth/scope"
)

func parseScopes(text string) scope.Set { return scope.Set{Others: strings.Fields(text)} }
