//! The features worked by hand: 100,000.00 yuan due in a case filed on 2025-01-06, rated on 2025-06-30; a person lives on 1,200.00 yuan a month. Houses,
//! vehicles, equity, movables and the like count at 0.7 of their value, securities at 0.8, money at all of it. First days of windows: 30 days 2025-06-01,
//! 90 days 2025-04-02, a year 2024-07-01, three years 2022-07-02.

/// A feature, what the lake holds beside the case, its value, and the rows it rests on.
pub type Case = (&'static str, &'static str, f64, &'static str);

const FOREIGN: &str = "assets asset_ref=a class=deposit gross_fen=2000000 | assets asset_ref=b class=deposit gross_fen=100000
    assets asset_ref=c class=deposit gross_fen=100000
    seizures asset_ref=a case_no=他院9号 kind=freeze from_on=2024-12-01 amount_fen=500000
    seizures asset_ref=b case_no=他院9号 kind=freeze from_on=2024-12-01 amount_fen=100000
    seizures asset_ref=b case_no=CASE kind=waiting from_on=2025-02-01";
const OWN: &str = "assets asset_ref=a class=deposit gross_fen=1000000 | assets asset_ref=b class=deposit gross_fen=3000000
    assets asset_ref=c class=deposit gross_fen=500000
    seizures asset_ref=a case_no=CASE kind=freeze from_on=2025-02-01 expires_on=2025-07-30
    seizures asset_ref=b case_no=CASE kind=freeze from_on=2025-02-01 expires_on=2026-02-01";
const WAGE: &str = "incomes kind=wage from_on=2025-05-31 monthly_fen=300000 | incomes kind=business from_on=2025-06-15 monthly_fen=100000
    incomes kind=rent from_on=2025-07-01 monthly_fen=900000";
const DEBTS: &str = "obligations kind=mortgage secured=true outstanding_fen=3000000 | obligations kind=private outstanding_fen=5000000
    obligations kind=monthly_service outstanding_fen=100000 | obligations kind=enforcement secured=false outstanding_fen=4000000";
const ANSWERS: &str = "inquiries channel=bank sent_on=2025-03-01 returned_on=2025-03-31 outcome=found
    inquiries channel=vehicle sent_on=2025-03-01 returned_on=2025-04-01 outcome=none | inquiries channel=tax sent_on=2025-06-01
    inquiries channel=telecom sent_on=2025-06-01 returned_on=2025-06-20 outcome=none | inquiries channel=police sent_on=2025-06-01";
const JUDGMENTS: &str = "judgments effective_on=2024-01-01 due_on=2024-02-10 performed_on=2024-02-01
    judgments effective_on=2024-01-01 due_on=2024-02-10 performed_on=2024-03-01 | judgments effective_on=2024-01-01 due_on=2024-02-10
    judgments effective_on=2024-01-01 due_on=2026-01-01 performed_on=2025-06-01 enforcement_case_no=（2025）浙0106执9号
    judgments effective_on=2010-01-01 due_on=2010-02-01";
const MEASURES: &str = "measures applied_on=2024-07-01 result=succeeded result_on=2024-08-01 | measures applied_on=2024-06-30
    measures applied_on=2024-06-30 result=failed result_on=2024-08-01 | measures applied_on=2025-02-01 result=partly result_on=2025-07-01
    measures applied_on=2022-07-01 result=no_effect result_on=2022-08-01";
const PROMISES: &str =
    "conduct kind=instalment_kept happened_on=2024-05-01 | conduct kind=instalment_broken happened_on=2025-02-10 document_no=d
    conduct kind=instalment_kept happened_on=2025-03-01 | conduct kind=settlement_kept happened_on=2025-04-01
    conduct kind=settlement_breached happened_on=2025-05-01";
const REPORTS: &str = "conduct kind=report_filed happened_on=2022-07-02 | conduct kind=report_late happened_on=2024-06-30 document_no=d
    conduct kind=report_false happened_on=2024-07-01 document_no=d | conduct kind=report_missing happened_on=2025-01-01
    conduct kind=report_filed happened_on=2025-06-01 | conduct kind=report_filed happened_on=2022-07-01";
const SUMMONS: &str = "conduct kind=summons_ignored happened_on=2024-07-01 document_no=d | conduct kind=summons_ignored happened_on=2025-04-02 document_no=d
    conduct kind=summons_kept happened_on=2024-06-30 | conduct kind=summons_kept happened_on=2025-05-01 | conduct kind=summons_kept happened_on=2025-06-01
    conduct kind=summons_ignored happened_on=2025-06-02";
const ACTS: &str = "+cases duty_due_on=2024-12-01
    conduct kind=transfer_to_related happened_on=2025-06-20 document_no=d | conduct kind=transfer_below_value happened_on=2024-12-01 document_no=d
    conduct kind=asset_hidden happened_on=2023-01-01 document_no=d | conduct kind=sham_litigation happened_on=2022-07-01 document_no=d
    conduct kind=transfer_to_related happened_on=2025-06-21 document_no=d finding=alleged | conduct kind=limit_breached happened_on=2025-01-20 document_no=d
    conduct kind=limit_breached happened_on=2024-01-20 document_no=d | conduct kind=violence happened_on=2024-01-20 document_no=d
    conduct kind=fined happened_on=2024-02-20 document_no=d | conduct kind=detained happened_on=2024-02-21 document_no=d
    conduct kind=evaded_service happened_on=2025-01-08 document_no=d | conduct kind=served happened_on=2025-01-10";
const DUTIES: &str =
    "conduct kind=report_late happened_on=2022-07-02 document_no=d | conduct kind=summons_ignored happened_on=2024-08-01 document_no=d
    conduct kind=report_filed happened_on=2025-02-01 | conduct kind=summons_kept happened_on=2025-04-02
    conduct kind=limit_breached happened_on=2025-05-01 document_no=d | conduct kind=asset_hidden happened_on=2025-06-10 document_no=d
    conduct kind=guarantee_given happened_on=2025-06-20";
const LISTS: &str = "listings list=dishonest listed_on=2025-02-01 ground=1 document_no=d
    listings list=dishonest listed_on=2025-03-01 ground=4 document_no=d
    listings list=consumption_limit listed_on=2025-02-01 | listings list=dishonest listed_on=2025-02-01 ground=4 removed_on=2025-06-01 document_no=d
    listings list=dishonest listed_on=2023-02-01 ground=4 expires_on=2025-06-29 document_no=d
    listings list=dishonest listed_on=2025-02-15 ground=4";
const LIFE: &str = "trajectory kind=address_changed happened_on=2023-01-01 document_no=d | trajectory kind=contact_lost happened_on=2025-06-10 document_no=d
    trajectory kind=employed happened_on=2023-06-01 document_no=d | trajectory kind=unemployed happened_on=2025-06-20 document_no=d
    trajectory kind=role_taken happened_on=2024-01-01 document_no=d | trajectory kind=role_left happened_on=2025-01-01 document_no=d
    trajectory kind=business_opened happened_on=2023-01-01 document_no=d | trajectory kind=business_closed happened_on=2025-05-31 document_no=d
    trajectory kind=licence_granted happened_on=2023-01-01 document_no=d | trajectory kind=licence_revoked happened_on=2024-01-01 document_no=d
    trajectory kind=penalised happened_on=2024-06-30 document_no=d | trajectory kind=penalised happened_on=2024-07-01 document_no=d
    trajectory kind=sued happened_on=2024-06-30 document_no=d | trajectory kind=sued happened_on=2025-03-22 document_no=d
    trajectory kind=bankruptcy_filed happened_on=2000-01-01 document_no=d | trajectory kind=sued happened_on=2025-06-01";
const CASES_OF_DEBTOR: &str = "cases case_no=二号 status=open duty_kind=money filed_on=2025-03-01 principal_fen=5000000 | parties case_no=二号
    cases case_no=三号 status=closed close_kind=performed closed_on=2024-06-01 filed_on=2024-06-30 principal_fen=1 | parties case_no=三号
    cases case_no=五号 status=closed close_kind=no_property closed_on=2025-06-01 filed_on=2025-05-01
    cases case_no=六号 status=closed close_kind=no_property closed_on=2025-06-01 filed_on=2025-05-01 | parties case_no=六号 known_on=2025-07-01
    cases case_no=四号 status=closed close_kind=no_property closed_on=2024-06-01 filed_on=2024-01-01 principal_fen=5000000 | parties case_no=四号";
const RESUMED: &str = "+cases resumed_from=旧号 status=closed close_kind=no_property closed_on=2025-06-01 duty_due_on=2025-06-20 cause=sale
    cases case_no=旧号 status=closed close_kind=no_property closed_on=2024-06-01 filed_on=2024-06-30 principal_fen=20000000";
/// Two payments at the edges of each window, and two quiet ones.
const PAID_30: &str = "payments paid_on=2025-06-01 amount_fen=2500000 | payments paid_on=2025-05-31 amount_fen=2500000";
const PAID_90: &str = "payments paid_on=2025-04-02 amount_fen=2500000 | payments paid_on=2025-04-01 amount_fen=2500000";
const PAID_365: &str = "payments paid_on=2024-07-01 amount_fen=2500000 | payments paid_on=2024-06-30 amount_fen=2500000";
const PAID_1095: &str = "payments paid_on=2022-07-02 amount_fen=2500000 | payments paid_on=2022-07-01 amount_fen=2500000";
const PAID: &str =
    "payments paid_on=2025-06-29 amount_fen=500000 source=voluntary | payments paid_on=2025-06-28 amount_fen=500000 source=settlement
    payments paid_on=2025-05-31 amount_fen=1000000 source=under_measure | payments paid_on=2025-04-30 amount_fen=1000000 source=deducted
    payments paid_on=2025-03-01 amount_fen=1000000 source=auction | payments paid_on=2025-06-30 amount_fen=9 reversed_on=2025-06-30
    payments paid_on=2025-06-30 amount_fen=9 is_own=false";

/// Every feature at least once.
pub const CASES: &[Case] = &[
    (
        "liquid_net_share",
        "assets class=deposit gross_fen=2000000 | assets class=security gross_fen=1000000 | assets class=vehicle gross_fen=9",
        0.28,
        "assets0 assets1",
    ),
    (
        "controlled_net_share",
        "assets asset_ref=a class=deposit gross_fen=2000000 | assets class=deposit gross_fen=7\n seizures asset_ref=a case_no=CASE kind=freeze from_on=2025-02-01 amount_fen=1500000",
        0.15,
        "assets0",
    ),
    // ((100,000 − 40,000) × 0.5 − 10,000) × 0.7
    (
        "real_estate_net_share",
        "assets class=real_estate gross_fen=10000000 lien_fen=4000000 co_ownership=by_share ownership_share=0.5 exempt_fen=1000000",
        0.14,
        "assets0",
    ),
    ("real_estate_net_share", "assets class=real_estate gross_fen=10000000 necessary_home=true", 0.0, "assets0"),
    (
        "other_net_share",
        "assets class=vehicle gross_fen=1000000 | assets class=deposit gross_fen=1000000 | assets class=real_estate gross_fen=1",
        0.07,
        "assets0",
    ),
    (
        "home_owned_n",
        "assets class=real_estate gross_fen=1 | assets class=vehicle gross_fen=1 | assets class=real_estate gross_fen=1",
        2.0,
        "assets0 assets2",
    ),
    ("deposit_net_share", FOREIGN, 0.16, "assets0 assets1 assets2"),
    ("deposit_net_share", "inquiries channel=bank sent_on=2025-06-01 returned_on=2025-06-20 outcome=none", 0.0, ""),
    ("wealth_product_net_share", "assets class=wealth_product gross_fen=1000000", 0.1, "assets0"),
    ("security_net_share", "assets class=security gross_fen=1000000", 0.08, "assets0"),
    ("equity_net_share", "assets class=equity gross_fen=1000000", 0.07, "assets0"),
    (
        "vehicle_net_share",
        "assets class=vehicle gross_fen=1000000 | assets class=vehicle gross_fen=9000000 disposed_on=2025-06-01",
        0.07,
        "assets0",
    ),
    ("provident_fund_net_share", "assets class=provident_fund gross_fen=1000000", 0.1, "assets0"),
    ("tax_refund_net_share", "assets class=tax_refund gross_fen=1000000", 0.1, "assets0"),
    ("insurance_net_share", "assets class=insurance gross_fen=1000000", 0.1, "assets0"),
    ("receivable_net_share", "assets class=receivable gross_fen=1000000", 0.07, "assets0"),
    ("movable_net_share", "assets class=movable gross_fen=1000000", 0.07, "assets0"),
    ("ip_net_share", "assets class=ip gross_fen=1000000", 0.07, "assets0"),
    ("unclassed_net_share", "assets class=other gross_fen=1000000", 0.07, "assets0"),
    (
        "assets_net_share_low",
        "assets class=deposit gross_fen=1000000 | assets class=deposit gross_fen=2000000 co_ownership=joint_unstated",
        0.1,
        "assets0 assets1",
    ),
    (
        "assets_net_share_low",
        "assets class=deposit gross_fen=2000000 co_ownership=unknown | assets class=deposit gross_fen=1000000 co_ownership=by_share",
        0.0,
        "assets0 assets1",
    ),
    (
        "real_estate_net_share_low",
        "assets class=real_estate gross_fen=10000000 co_ownership=joint_unstated\n assets class=real_estate gross_fen=1000000 co_ownership=by_share ownership_share=0.5",
        0.035,
        "assets0 assets1",
    ),
    (
        "secured_here_share",
        "assets class=real_estate gross_fen=10000000 lien_fen=3000000 lien_for_case=CASE | assets class=vehicle gross_fen=9",
        0.3,
        "assets0",
    ),
    // 20,000 and six months of (3,200 − 1,200).
    (
        "means_due_share",
        "assets class=deposit gross_fen=2000000 | incomes kind=wage from_on=2024-01-01 monthly_fen=320000",
        0.32,
        "assets0 incomes0",
    ),
    // The foreign hold counts, for what it holds for is claimed too; of the debts the unsecured one, 50,000, is added to the 100,000 due.
    (
        "assets_claims_share",
        "assets asset_ref=a class=deposit gross_fen=3000000 | seizures asset_ref=a case_no=他院9号 kind=freeze from_on=2025-02-01\n obligations kind=private outstanding_fen=5000000 | obligations kind=mortgage secured=true outstanding_fen=7 | obligations kind=enforcement outstanding_fen=7",
        0.2,
        "assets0 obligations0",
    ),
    (
        "liens_gross_share",
        "assets class=real_estate gross_fen=10000000 lien_fen=4000000 | assets class=deposit gross_fen=10000000 lien_fen=5 lien_for_case=CASE",
        0.2,
        "assets0 assets1",
    ),
    ("exempt_gross_share", "assets class=deposit gross_fen=10000000 exempt_fen=1000000", 0.1, "assets0"),
    (
        "valued_gross_share",
        "assets class=deposit gross_fen=3000000 valuation_kind=balance | assets class=movable gross_fen=1000000 valuation_kind=reported",
        0.75,
        "assets0 assets1",
    ),
    ("in_hand_net_share", "assets class=vehicle gross_fen=1000000 in_hand=true | assets class=vehicle gross_fen=1000000", 0.07, "assets0"),
    (
        "disposed_to_related_n_1095d",
        "assets class=vehicle disposed_on=2022-07-02 disposed_to_related=true document_no=d\n assets class=vehicle disposed_on=2025-02-01 disposed_to_related=true | assets class=vehicle disposed_on=2025-02-01 document_no=d\n assets class=vehicle disposed_on=2022-07-01 disposed_to_related=true document_no=d",
        1.0,
        "assets0",
    ),
    // It stays known that it went, though the channel that showed it has answered since without it.
    (
        "disposed_to_related_n_1095d",
        "assets class=vehicle channel=vehicle disposed_on=2025-01-10 disposed_to_related=true document_no=d\n inquiries channel=vehicle sent_on=2025-06-01 returned_on=2025-06-20 outcome=none",
        1.0,
        "assets0",
    ),
    (
        "disposed_after_duty_n",
        "+cases duty_due_on=2024-12-01\n assets asset_ref=a class=vehicle disposed_on=2025-02-01 document_no=d | assets asset_ref=b class=vehicle disposed_on=2025-02-01 document_no=d\n seizures asset_ref=b case_no=他院9号 kind=seal from_on=2025-01-20 lifted_on=2025-02-01 | assets asset_ref=c class=vehicle disposed_on=2024-12-01 document_no=d\n assets asset_ref=d class=vehicle disposed_on=2025-02-01
 assets asset_ref=e class=vehicle disposed_on=2025-02-01 document_no=d | seizures asset_ref=e case_no=他院9号 kind=seal from_on=2023-01-20 expires_on=2025-01-31
 assets asset_ref=f class=vehicle disposed_on=2025-02-01 document_no=d | seizures asset_ref=f case_no=他院9号 kind=seal from_on=2023-01-20 expires_on=2025-02-01",
        2.0,
        "assets0 assets4",
    ),
    ("foreign_holds_n", FOREIGN, 2.0, "assets0 assets1"),
    // 5,000 of the first, all 1,000 of the second.
    ("foreign_taken_share", FOREIGN, 0.06, "assets0 assets1"),
    ("waiting_holds_n", FOREIGN, 1.0, "assets1"),
    ("own_holds_n", OWN, 2.0, "assets0 assets1"),
    ("hold_lapses_days", OWN, 30.0, "seizures0"),
    ("lapsing_soon_share", OWN, 0.25, "seizures0"),
    ("income_monthly_fen", WAGE, 400_000.0, "incomes0 incomes1"),
    ("income_cover_share", "incomes kind=wage from_on=2024-01-01 monthly_fen=320000", 0.12, "incomes0"),
    ("due_income_months", WAGE, 25.0, "cases0 incomes0 incomes1"),
    (
        "income_free_monthly_fen",
        "incomes kind=wage from_on=2024-01-01 monthly_fen=320000 | obligations kind=monthly_service outstanding_fen=50000",
        150_000.0,
        "incomes0 obligations0",
    ),
    ("income_attachable_share", WAGE, 0.75, "incomes0 incomes1"),
    ("income_running_days", WAGE, 30.0, "incomes0"),
    (
        "incomes_ended_n_1095d",
        "incomes kind=wage from_on=2020-01-01 to_on=2022-07-02 | incomes kind=rent from_on=2020-01-01 to_on=2022-07-01",
        1.0,
        "incomes0",
    ),
    ("obligations_fen", DEBTS, 12_000_000.0, "obligations0 obligations1 obligations3"),
    (
        "obligations_income_months",
        "obligations kind=private outstanding_fen=4000000 | incomes kind=wage from_on=2024-01-01 monthly_fen=400000",
        10.0,
        "incomes0 obligations0",
    ),
    (
        "service_income_share",
        "obligations kind=monthly_service outstanding_fen=100000 | incomes kind=wage from_on=2024-01-01 monthly_fen=400000",
        0.25,
        "incomes0 obligations0",
    ),
    ("obligations_secured_share", DEBTS, 0.25, "obligations0 obligations1 obligations3"),
    ("obligations_unsecured_due_share", DEBTS, 0.9, "obligations1 obligations3"),
    ("channels_found_share", ANSWERS, 0.5, "inquiries0 inquiries1"),
    ("channels_found_n", ANSWERS, 1.0, "inquiries0"),
    ("channels_answered_share", ANSWERS, 2.0 / 3.0, "inquiries0 inquiries1"),
    // 91 days ago, and 90.
    ("channels_stale_n", ANSWERS, 1.0, "inquiries0"),
    ("answer_last_days", ANSWERS, 90.0, "inquiries1"),
    // 25,000 of the 50,000 still due and itself.
    ("payments_own_share_30d", PAID_30, 1.0 / 3.0, "payments0"),
    ("payments_own_share_90d", PAID_90, 1.0 / 3.0, "payments0"),
    ("payments_own_share_365d", PAID_365, 1.0 / 3.0, "payments0"),
    ("payments_own_share_1095d", PAID_1095, 1.0 / 3.0, "payments0"),
    ("payments_own_last_days", PAID, 1.0, "payments0"),
    ("payments_voluntary_share_365d", PAID, 0.25, "payments0 payments1 payments2 payments3 payments4"),
    // Periods 0, 1, 2 and 4.
    ("payments_periods_n_365d", PAID, 4.0, "payments0 payments1 payments2 payments3 payments4"),
    ("payments_streak_n", PAID, 3.0, "payments0 payments1 payments2 payments3"),
    ("payments_streak_n", PAID_90, 0.0, ""),
    ("payments_streak_n", "payments paid_on=2025-05-31 amount_fen=1", 1.0, "payments0"),
    ("instalments_kept_n_365d", PROMISES, 2.0, "conduct2 conduct3"),
    ("instalments_broken_n_1095d", PROMISES, 1.0, "conduct1"),
    ("promises_kept_share_365d", PROMISES, 2.0 / 3.0, "conduct1 conduct2 conduct3"),
    ("promises_kept_share_1095d", PROMISES, 0.75, "conduct0 conduct1 conduct2 conduct3"),
    ("promises_kept_streak_n", PROMISES, 2.0, "conduct2 conduct3"),
    ("promise_broken_last_days", PROMISES, 140.0, "conduct1"),
    ("judgments_performed_share", JUDGMENTS, 0.5, "judgments0 judgments1 judgments2 judgments3"),
    ("judgments_in_time_share", JUDGMENTS, 1.0 / 3.0, "judgments0 judgments1 judgments2"),
    ("measures_n_365d", MEASURES, 2.0, "measures0 measures3"),
    ("measures_succeeded_share_1095d", MEASURES, 0.5, "measures0 measures2"),
    ("measures_in_vain_n_1095d", MEASURES, 1.0, "measures2"),
    ("reports_filed_n_1095d", REPORTS, 2.0, "conduct0 conduct4"),
    ("reports_breached_n_365d", REPORTS, 1.0, "conduct2"),
    ("reports_breached_n_1095d", REPORTS, 2.0, "conduct1 conduct2"),
    ("reports_in_time_share_1095d", REPORTS, 0.5, "conduct0 conduct1 conduct2 conduct4"),
    ("report_last", REPORTS, 1.0, "conduct4"),
    ("report_last", DUTIES, 1.0, "conduct2"),
    ("summons_kept_n_365d", SUMMONS, 2.0, "conduct3 conduct4"),
    ("summons_ignored_n_90d", SUMMONS, 1.0, "conduct1"),
    ("summons_ignored_n_365d", SUMMONS, 2.0, "conduct0 conduct1"),
    ("summons_kept_share_365d", SUMMONS, 0.5, "conduct0 conduct1 conduct3 conduct4"),
    ("evasions_n_365d", ACTS, 2.0, "conduct0 conduct1"),
    ("evasions_n_1095d", ACTS, 3.0, "conduct0 conduct1 conduct2"),
    ("evasion_last_days", ACTS, 10.0, "conduct0"),
    ("transfers_below_value_n_1095d", ACTS, 1.0, "conduct1"),
    ("transfers_to_related_n_1095d", ACTS, 1.0, "conduct0"),
    // The one on the very day the duty fell due was not yet after it.
    ("transfers_after_duty_n", ACTS, 1.0, "conduct0"),
    ("limits_breached_n_365d", ACTS, 1.0, "conduct5"),
    ("limits_breached_n_1095d", ACTS, 2.0, "conduct5 conduct6"),
    ("obstructions_n_1095d", ACTS, 3.0, "conduct7 conduct8 conduct9"),
    ("sanctions_n_1095d", ACTS, 2.0, "conduct8 conduct9"),
    ("service_evaded_n_1095d", ACTS, 1.0, "conduct10"),
    ("service_accepted_share_1095d", ACTS, 0.5, "conduct10 conduct11"),
    ("cooperation_n_365d", DUTIES, 1.0, "conduct6"),
    ("cooperation_last_days", DUTIES, 10.0, "conduct6"),
    ("duties_met_n_90d", DUTIES, 1.0, "conduct3"),
    ("duties_met_n_365d", DUTIES, 2.0, "conduct2 conduct3"),
    ("duties_breached_n_30d", DUTIES, 1.0, "conduct5"),
    ("duties_breached_n_90d", DUTIES, 2.0, "conduct4 conduct5"),
    ("duties_breached_n_365d", DUTIES, 3.0, "conduct1 conduct4 conduct5"),
    ("duties_breached_n_1095d", DUTIES, 4.0, "conduct0 conduct1 conduct4 conduct5"),
    ("breach_last_days", DUTIES, 20.0, "conduct5"),
    ("duty_met_last_days", DUTIES, 89.0, "conduct3"),
    ("conduct_good_share_90d", DUTIES, 1.0 / 3.0, "conduct3 conduct4 conduct5"),
    ("conduct_good_share_365d", DUTIES, 0.4, "conduct1 conduct2 conduct3 conduct4 conduct5"),
    ("conduct_good_share_1095d", DUTIES, 1.0 / 3.0, "conduct0 conduct1 conduct2 conduct3 conduct4 conduct5"),
    ("conduct_last_good", DUTIES, -1.0, "conduct5"),
    ("conduct_last_good", SUMMONS, 1.0, "conduct4"),
    ("duties_met_streak_n", SUMMONS, 2.0, "conduct3 conduct4"),
    ("duties_breached_streak_n", DUTIES, 2.0, "conduct4 conduct5"),
    ("listings_for_acts_n", LISTS, 1.0, "listings1"),
    ("listings_in_force_n", LISTS, 2.0, "listings0 listings1"),
    ("contact_lost_now", LIFE, 1.0, "trajectory1"),
    (
        "contact_lost_now",
        "trajectory kind=contact_lost happened_on=2025-01-01 document_no=d | trajectory kind=contact_found happened_on=2025-02-01 document_no=d",
        0.0,
        "trajectory1",
    ),
    ("contacts_lost_n_1095d", LIFE, 1.0, "trajectory1"),
    ("addresses_notified_n_1095d", LIFE, 1.0, "trajectory0"),
    // 2023, all of 2024 and the days of 2025 up to 30 June.
    ("address_unchanged_days", LIFE, 911.0, "trajectory0"),
    ("employed_days", LIFE, 0.0, "trajectory3"),
    ("unemployed_days", LIFE, 10.0, "trajectory3"),
    ("work_changed_n_1095d", LIFE, 2.0, "trajectory2 trajectory3"),
    ("roles_changed_n_1095d", LIFE, 2.0, "trajectory4 trajectory5"),
    ("business_lost_n_1095d", LIFE, 4.0, "trajectory10 trajectory11 trajectory7 trajectory9"),
    ("business_gained_n_1095d", LIFE, 3.0, "trajectory4 trajectory6 trajectory8"),
    ("business_closed_last_days", LIFE, 30.0, "trajectory7"),
    ("licences_revoked_n_1095d", LIFE, 1.0, "trajectory9"),
    ("penalties_n_365d", LIFE, 1.0, "trajectory11"),
    ("penalties_n_1095d", LIFE, 2.0, "trajectory10 trajectory11"),
    ("sued_n_365d", LIFE, 1.0, "trajectory13"),
    ("sued_n_3650d", LIFE, 2.0, "trajectory12 trajectory13"),
    ("sued_last_days", LIFE, 100.0, "trajectory13"),
    ("bankruptcies_n", LIFE, 1.0, "trajectory14"),
    ("changes_n_365d", LIFE, 6.0, "trajectory1 trajectory11 trajectory13 trajectory3 trajectory5 trajectory7"),
    ("settled_days", LIFE, 10.0, "trajectory3"),
    ("due_fen", PAID_30, 5_000_000.0, "cases0"),
    ("due_all_fen", CASES_OF_DEBTOR, 20_000_000.0, "cases0 cases1 cases5"),
    ("due_left_share", "payments paid_on=2025-06-01 amount_fen=2500000 | +cases interest_fen=2000000 costs_fen=500000", 0.8, "cases0"),
    ("due_all_share", CASES_OF_DEBTOR, 0.5, "cases0 cases1 cases5"),
    ("live_cases_n", CASES_OF_DEBTOR, 3.0, "cases0 cases1 cases5"),
    ("cases_filed_n_365d", CASES_OF_DEBTOR, 2.0, "cases0 cases1"),
    ("cases_no_property_n", CASES_OF_DEBTOR, 1.0, "cases5"),
    ("cases_performed_share", CASES_OF_DEBTOR, 0.5, "cases2 cases5"),
    ("debt_age_days", "", 175.0, "cases0"),
    ("debt_age_days", RESUMED, 365.0, "cases0"),
    ("duty_overdue_days", RESUMED, 10.0, "cases0"),
    ("resumed_n", RESUMED, 1.0, "cases0"),
    ("is_no_property", RESUMED, 1.0, "cases0"),
    ("is_organisation", "+debtors kind=legal", 1.0, "debtors0"),
    ("is_guarantor", "+parties role=guarantor", 1.0, "parties0"),
    ("is_business_debt", RESUMED, 1.0, "cases0"),
    ("is_refinancing_debt", "+cases cause=refinancing", 1.0, "cases0"),
    ("is_purchase_debt", RESUMED, 0.0, "cases0"),
];
