// Command caseway is a FHIR R4 care-coordination server; see package command.
package main

import (
	"os"

	"caseway/server/command"
)

func main() { os.Exit(command.Run(os.Args[1:], os.Stdout, os.Stderr)) }
