package cases

import (
	"caseway/server/cases/assembly"
	"caseway/server/cases/change"
	"caseway/server/cases/rules"
)

// Config is what a Service needs.
type Config struct {
	// Guard is the Guard of cases that the engine has.
	Guard *rules.Guard
	// Caller is the engine as who calls the case API has it, and Server as the
	// server itself has it: a step is judged by the whole case, of which its
	// caller may see a part.
	Caller, Server assembly.Session
}

// Service answers the case API. Safe for concurrent use.
type Service struct {
	assembler      *assembly.Assembler
	writer         *change.Writer
	caller, server assembly.Session
}

// New makes a Service.
func New(c Config) *Service {
	a := c.Guard.Assembler()
	return &Service{assembler: a, writer: change.NewWriter(a, c.Caller), caller: c.Caller, server: c.Server}
}
