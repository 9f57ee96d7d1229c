package cases

import (
	"caseway/mapping"
	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/proto"
)

// row shows a case by its EpisodeOfCare alone; ok is false for anything else.
func (s *Service) row(episode proto.Message) (r Row, ok bool) {
	c := mapping.AssembleOnly([]proto.Message{episode})
	if c.ID == "" {
		return Row{}, false
	}
	return Row{
		ID: c.ID, Adopted: c.Adopted, Phase: c.Phase, Model: c.Model, Setting: c.Setting,
		Client: c.Client.Party(), Assignee: c.Manager, Period: c.Period, NextDue: c.NextDue, Overdue: casemodel.Overdue(&c, s.assembler.Now()),
	}, true
}
