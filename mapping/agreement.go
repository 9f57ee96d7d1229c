package mapping

import (
	"caseway/mapping/casemodel"

	contractpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/contract_go_proto"
	invoicepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/invoice_go_proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// valued is a line of a round: its price, a reduction or a share.
type valued struct {
	Kind          string
	Party         casemodel.Party
	Amount        casemodel.Money
	Words         string
	Role          casemodel.Role
	Authorization casemodel.Ref
}

// The kinds of line, codes of the CodeSystem cost-item.
const (
	listPrice = "list-price"
	reduction = "reduction"
	share     = "share"
)

// valuedItem is the codec of Contract.term.asset.valuedItem.
var valuedItem = object(
	typed("entity", "codeableConcept", func(v *valued) *string { return &v.Kind }, codeIn(systemOf("cost-item"))),
	one("net", func(v *valued) *casemodel.Money { return &v.Amount }, amountOf),
	one("responsible", func(v *valued) *casemodel.Party { return &v.Party }, party),
	one("payment", func(v *valued) *string { return &v.Words }, words),
	extension("share-role", func(v *valued) *casemodel.Role { return &v.Role }, in("code", coded[casemodel.Role](tableOf("role")))),
	extension("share-authorization", func(v *valued) *casemodel.Ref { return &v.Authorization }, inRef),
).about(func(a, b valued) bool { return a.Kind == b.Kind && a.Party.Same(b.Party) })

// round is the codec of Contract.term: one step of a negotiation.
var round = object(
	one("identifier", func(r *casemodel.Round) *string { return &r.ID }, only("value", words)),
	one("issued", func(r *casemodel.Round) *casemodel.Date { return &r.At }, date),
	inside("offer",
		one("type", func(r *casemodel.Round) *casemodel.RoundKind { return &r.Kind }, codeInTable[casemodel.RoundKind]("round-kind", tableOf("round-kind"))),
		one("text", func(r *casemodel.Round) *string { return &r.Text }, words),
		insideFirst("party",
			first("reference", func(r *casemodel.Round) *casemodel.Party { return &r.By }, party),
		),
		writeOnly(writeOfferRole),
	),
	binding[casemodel.Round]{readLines, writeLines},
	extension("evidence", func(r *casemodel.Round) *casemodel.Evidence { return &r.Evidence }, evidenceIn),
).about(func(a, b casemodel.Round) bool { return a.ID == b.ID && a.Kind == b.Kind && a.At == b.At })

func linesOf(lines *[]valued) binding[casemodel.Round] {
	return insideFirst("asset", many("valuedItem", func(*casemodel.Round) *[]valued { return lines }, valuedItem))
}

func readLines(m protoreflect.Message, r *casemodel.Round) {
	var lines []valued
	linesOf(&lines).read(m, r)
	r.ListPrice, r.Reductions, r.Shares = casemodel.Money{}, nil, nil
	for _, v := range lines {
		switch v.Kind {
		case listPrice:
			r.ListPrice = v.Amount
		case reduction:
			r.Reductions = append(r.Reductions, casemodel.Reduction{By: v.Party, Amount: v.Amount, Reason: v.Words})
		case share:
			r.Shares = append(r.Shares, casemodel.Share{
				Party: v.Party, Role: v.Role, Amount: v.Amount, Authorization: v.Authorization, For: v.Words,
			})
		}
	}
}

func writeLines(m protoreflect.Message, r *casemodel.Round) {
	var lines []valued
	if !r.ListPrice.IsZero() {
		lines = append(lines, valued{Kind: listPrice, Amount: r.ListPrice})
	}
	for _, x := range r.Reductions {
		lines = append(lines, valued{Kind: reduction, Party: x.By, Amount: x.Amount, Words: x.Reason})
	}
	for _, x := range r.Shares {
		lines = append(lines, valued{Kind: share, Party: x.Party, Amount: x.Amount, Words: x.For, Role: x.Role, Authorization: x.Authorization})
	}
	var have casemodel.Round
	if readLines(m, &have); !same(have.ListPrice, r.ListPrice) || !same(have.Reductions, r.Reductions) || !same(have.Shares, r.Shares) {
		linesOf(&lines).write(m, r)
	}
}

// agreements are Contracts, one for the whole negotiation: each round is a
// term.
var agreements = pair[casemodel.CostAgreement, contractpb.Contract, *contractpb.Contract]{
	typ: "Contract", subject: "subject",
	id: func(a *casemodel.CostAgreement) *casemodel.Ref { return &a.ID },
	bindings: []binding[casemodel.CostAgreement]{
		fine(legalState, "agreement-status", func(a *casemodel.CostAgreement) *casemodel.AgreementStatus { return &a.Status }, tableOf("agreement-status")),
		one("title", func(c *casemodel.CostAgreement) *string { return &c.Title }, words),
		typed("topic", "reference", func(c *casemodel.CostAgreement) *casemodel.Ref { return &c.Service }, ref),
		one("author", func(c *casemodel.CostAgreement) *casemodel.Party { return &c.Provider }, party),
		many("term", func(c *casemodel.CostAgreement) *[]casemodel.Round { return &c.Rounds }, round),
		one("applies", func(c *casemodel.CostAgreement) *casemodel.Period { return &c.Period }, period),
		extensions("remark", func(c *casemodel.CostAgreement) *[]casemodel.Remark { return &c.Remarks }, remarkIn),
	},
}

// bills are Invoices, one for each who pays, so that each can be shown its own.
var bills = pair[casemodel.Bill, invoicepb.Invoice, *invoicepb.Invoice]{
	typ: "Invoice", subject: "subject",
	id:    func(b *casemodel.Bill) *casemodel.Ref { return &b.ID },
	owner: extension("bill-agreement", func(f *frame) *casemodel.Ref { return &f.owner }, inRef),
	fixed: func(m *invoicepb.Invoice) { set(m, "status", "draft") },
	bindings: []binding[casemodel.Bill]{
		demanded(one("status", func(b *casemodel.Bill) *string { return &b.Status }, words), func(b *casemodel.Bill) bool { return b.Status == "" }),
		one("recipient", func(b *casemodel.Bill) *casemodel.Party { return &b.Payer }, party),
		one("issuer", func(b *casemodel.Bill) *casemodel.Party { return &b.Issuer }, party),
		one("account", func(b *casemodel.Bill) *casemodel.Ref { return &b.Account }, ref),
		one("totalNet", func(b *casemodel.Bill) *casemodel.Money { return &b.Amount }, amountOf),
		one("date", func(b *casemodel.Bill) *casemodel.Date { return &b.At }, date),
	},
}
