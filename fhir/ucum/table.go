package ucum

// prefixTable has the metric and binary prefixes.
const prefixTable = `Y 1e24
Z 1e21
E 1e18
P 1e15
T 1e12
G 1e9
M 1e6
k 1e3
h 1e2
da 1e1
d 1e-1
c 1e-2
m 1e-3
u 1e-6
n 1e-9
p 1e-12
f 1e-15
a 1e-18
z 1e-21
y 1e-24
Ki 1024
Mi 1048576
Gi 1073741824
Ti 1099511627776`

// atomTable has one unit a line: symbol; kind (b base, m takes prefixes, "-"
// neither); value; unit; offset.
const atomTable = `m bm
s bm
g bm
rad bm
K bm
C bm
cd bm
10* - 10
10^ - 10
[pi] - 3.1415926535897932384626433832795028841971693993751058209749445923
% - 1 10*-2
[ppth] - 1 10*-3
[ppm] - 1 10*-6
[ppb] - 1 10*-9
[pptr] - 1 10*-12
mol mb
sr m 1 rad2
Hz m 1 s-1
N m 1 kg.m/s2
Pa m 1 N/m2
J m 1 N.m
W m 1 J/s
A m 1 C/s
V m 1 J/C
F m 1 C/V
Ohm m 1 V/A
S m 1 Ohm-1
mho m 1 S
Wb m 1 V.s
T m 1 Wb/m2
H m 1 Wb/A
lm m 1 cd.sr
lx m 1 lm/m2
Bq m 1 s-1
Gy m 1 J/kg
Sv m 1 J/kg
Cel m 1 K 273.15
[degF] - 5/9 K 459.67
[degRe] - 5/4 K 218.52
[degR] - 5/9 K
deg - 2 [pi].rad/360
gon - 9/10 deg
' - 1 deg/60
'' - 1 '/60
l m 1 dm3
L m 1 l
ar m 100 m2
st m 1 m3
min - 60 s
h - 60 min
d - 24 h
wk - 7 d
a_t - 365.24219 d
a_j - 365.25 d
a_g - 365.2425 d
a - 1 a_j
mo_s - 29.53059 d
mo_j - 1 a_j/12
mo_g - 1 a_g/12
mo - 1 mo_j
t m 1000 kg
bar m 100000 Pa
u m 1.6605402e-24 g
eV m 1.60217733e-19 J
AU - 149597.870691 Mm
pc m 3.085678e16 m
[c] m 299792458 m/s
[h] m 6.6260755e-34 J.s
[k] m 1.380658e-23 J/K
[e] m 1.60217733e-19 C
[m_e] m 9.1093897e-28 g
[m_p] m 1.6726231e-24 g
[G] m 6.67259e-11 m3.kg-1.s-2
[g] m 9.80665 m/s2
atm - 101325 Pa
[ly] m 1 [c].a_j
gf m 1 g.[g]
[lbf_av] - 1 [lb_av].[g]
Ky m 1 cm-1
Gal m 1 cm/s2
dyn m 1 g.cm/s2
erg m 1 dyn.cm
P m 1 dyn.s/cm2
Bi m 10 A
St m 1 cm2/s
Mx m 1e-8 Wb
G m 1e-4 T
Oe m 250 /[pi].A/m
Gb m 1 Oe.cm
sb - 1 cd/cm2
Lmb - 1 cd/cm2/[pi]
ph - 1e-4 lx
[mu_0] m 4e-7 [pi].N/A2
[eps_0] m 8.854187817e-12 F/m
Ci m 3.7e10 Bq
R m 2.58e-4 C/kg
RAD m 100 erg/g
REM m 1 RAD
[in_i] - 2.54 cm
[ft_i] - 12 [in_i]
[yd_i] - 3 [ft_i]
[mi_i] - 5280 [ft_i]
[fth_i] - 6 [ft_i]
[nmi_i] - 1852 m
[kn_i] - 1 [nmi_i]/h
[sin_i] - 1 [in_i]2
[sft_i] - 1 [ft_i]2
[syd_i] - 1 [yd_i]2
[cin_i] - 1 [in_i]3
[cft_i] - 1 [ft_i]3
[cyd_i] - 1 [yd_i]3
[bf_i] - 144 [in_i]3
[cr_i] - 128 [ft_i]3
[cml_i] - 1/4 [pi].[mil_i]2
[mil_i] - 1e-3 [in_i]
[hd_i] - 4 [in_i]
[ft_us] - 1200/3937 m
[yd_us] - 3 [ft_us]
[in_us] - 1 [ft_us]/12
[rd_us] - 33/2 [ft_us]
[ch_us] - 4 [rd_us]
[fth_us] - 6 [ft_us]
[fur_us] - 40 [rd_us]
[mi_us] - 8 [fur_us]
[acr_us] - 160 [rd_us]2
[srd_us] - 1 [rd_us]2
[sct] - 1 [mi_us]2
[smi_us] - 1 [mi_us]2
[gal_us] - 231 [in_i]3
[bbl_us] - 42 [gal_us]
[qt_us] - 1 [gal_us]/4
[pt_us] - 1 [qt_us]/2
[gil_us] - 1 [pt_us]/4
[foz_us] - 1 [gil_us]/4
[fdr_us] - 1 [foz_us]/8
[min_us] - 1 [fdr_us]/60
[bu_us] - 2150.42 [in_i]3
[gal_wi] - 1 [bu_us]/8
[pk_us] - 1 [bu_us]/4
[dqt_us] - 1 [pk_us]/8
[dpt_us] - 1 [dqt_us]/2
[tbs_us] - 1 [foz_us]/2
[tsp_us] - 1 [tbs_us]/3
[cup_us] - 16 [tbs_us]
[foz_m] - 30 mL
[cup_m] - 240 mL
[tsp_m] - 5 mL
[tbs_m] - 15 mL
[gal_br] - 4.54609 l
[pk_br] - 2 [gal_br]
[bu_br] - 4 [pk_br]
[qt_br] - 1 [gal_br]/4
[pt_br] - 1 [qt_br]/2
[gil_br] - 1 [pt_br]/4
[foz_br] - 1 [gil_br]/5
[fdr_br] - 1 [foz_br]/8
[min_br] - 1 [fdr_br]/60
[gr] - 64.79891 mg
[lb_av] - 7000 [gr]
[oz_av] - 1 [lb_av]/16
[dr_av] - 1 [oz_av]/16
[scwt_av] - 100 [lb_av]
[lcwt_av] - 112 [lb_av]
[ston_av] - 20 [scwt_av]
[lton_av] - 20 [lcwt_av]
[stone_av] - 14 [lb_av]
[pwt_tr] - 24 [gr]
[oz_tr] - 20 [pwt_tr]
[lb_tr] - 12 [oz_tr]
[sc_ap] - 20 [gr]
[dr_ap] - 3 [sc_ap]
[oz_ap] - 8 [dr_ap]
[lb_ap] - 12 [oz_ap]
[oz_m] - 28 g
m[H2O] m 9.80665 kPa
m[Hg] m 133.3220 kPa
[in_i'H2O] - 1 m[H2O].[in_i]/m
[in_i'Hg] - 1 m[Hg].[in_i]/m
[PRU] - 1 mm[Hg].s/ml
[wood'U] - 1 mm[Hg].min/L
[diop] - 1 m-1
[mesh_i] - 1 /[in_i]
[Ch] - 1 mm/3
[drp] - 1 ml/20
cal_[15] m 4.18580 J
cal_[20] m 4.18190 J
cal_m m 4.19002 J
cal_IT m 4.1868 J
cal_th m 4.184 J
cal m 1 cal_th
[Cal] - 1 kcal_th
[Btu_th] - 1.054350 kJ
[Btu] - 1 [Btu_th]
[HP] - 550 [ft_i].[lbf_av]/s
tex m 1 g/km
[den] - 1 g/9/km
[psi] - 1 [lbf_av]/[in_i]2
circ - 2 [pi].rad
sph - 4 [pi].sr
[car_m] - 0.2 g
[car_Au] - 1/24
eq m 1 mol
osm m 1 mol
kat m 1 mol/s
U m 1 umol/min
[MET] - 3.5 mL/min/kg
g% m 1 g/dl
[S] - 1e-13 s
[HPF] - 1
[LPF] - 100
b m 1e-28 m2
att - 1 kgf/cm2
Ao - 0.1 nm
bit m 1
By m 8 bit
Bd m 1 /s`

// arbitraryUnits are defined by an assay or a standard preparation: each
// compares with itself alone.
const arbitraryUnits = `[arb'U] [USP'U] [GPL'U] [MPL'U] [APL'U] [beth'U] [anti'Xa'U] [todd'U] [dye'U]
[smgy'U] [bdsk'U] [ka'U] [knk'U] [mclg'U] [tb'U] [CCID_50] [TCID_50] [EID_50] [PFU] [FFU] [CFU] [IR] [BAU]
[AU] [Amb'a'1'U] [PNU] [Lf] [D'ag'U] [FEU] [ELU] [EU] [hnsf'U]`
