BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE batch (
	seq INTEGER NOT NULL, 
	command TEXT NOT NULL, 
	arguments TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	at TEXT NOT NULL, 
	clock_regressed INTEGER NOT NULL, 
	program_version TEXT NOT NULL, 
	kind TEXT, 
	format TEXT, 
	file_name TEXT, 
	file_size INTEGER, 
	raw_sha256 TEXT, 
	content_hash TEXT, 
	rows_read INTEGER, 
	rows_appended INTEGER, 
	rows_duplicate INTEGER, 
	notes TEXT NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (seq), 
	CHECK (clock_regressed in (0, 1)), 
	UNIQUE (hash)
)
 STRICT

;
INSERT INTO "batch" VALUES(1,'import','{"file":"instruments.csv","kind":"instruments"}','ada','2022-10-03T09:00:01.000000Z',0,'0.1.0',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]','0000000000000000000000000000000000000000000000000000000000000000','d8bc613b9629ec464f53249287b6dee1f7f7259749bbcbd9a5915d837280612d');
INSERT INTO "batch" VALUES(2,'import','{"file":"prices.csv","kind":"prices"}','ada','2022-10-03T09:00:02.000000Z',0,'0.1.0',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]','d8bc613b9629ec464f53249287b6dee1f7f7259749bbcbd9a5915d837280612d','afc6f359a6f346263e9f931325f933599a9d30f1f2b1f6753535b80b6ec68ae8');
INSERT INTO "batch" VALUES(3,'close','{"period":"2022-09"}','ada','2022-10-03T09:00:03.000000Z',0,'0.1.0',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]','afc6f359a6f346263e9f931325f933599a9d30f1f2b1f6753535b80b6ec68ae8','d963d2f00696ff1959677123958f3a461256937071947a5ba734ddaaf63ef429');
CREATE TABLE chart_version (
	hash TEXT NOT NULL, 
	batch INTEGER NOT NULL, 
	files TEXT NOT NULL, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(batch) REFERENCES batch (seq) DEFERRABLE INITIALLY DEFERRED
)
 STRICT

;
CREATE TABLE close_seal (
	basis TEXT NOT NULL, 
	n INTEGER NOT NULL, 
	period TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	batch INTEGER NOT NULL, 
	knowledge_seq INTEGER NOT NULL, 
	seal TEXT NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (basis, n), 
	UNIQUE (basis, period, version), 
	UNIQUE (hash), 
	FOREIGN KEY(batch) REFERENCES batch (seq) DEFERRABLE INITIALLY DEFERRED
)
 STRICT

;
INSERT INTO "close_seal" VALUES('US-GAAP',1,'2022-09',1,3,2,'{"states":{"lots":"80752615cff71c8908f615b2e0de74469851f7e121ec17a47624246dca604f71","unsettled":"92fe320fdc536ad0eb90f26e16391a68d16c42553070904f5820fb1b961786cb"}}','0000000000000000000000000000000000000000000000000000000000000000','5985858243f8947bc7f10d15e6bd6ec365a56185a560adb79c35e61fe45dc5e1');
CREATE TABLE exception (
	exception_id TEXT NOT NULL, 
	code TEXT NOT NULL, 
	basis TEXT NOT NULL, 
	period TEXT NOT NULL, 
	event_id TEXT NOT NULL, 
	event_version INTEGER NOT NULL, 
	subject TEXT NOT NULL, 
	amount_at_risk INTEGER NOT NULL, 
	currency TEXT NOT NULL, 
	message TEXT NOT NULL, 
	batch INTEGER NOT NULL, 
	"row" INTEGER NOT NULL, 
	recorded INTEGER NOT NULL, 
	PRIMARY KEY (exception_id, recorded), 
	FOREIGN KEY(recorded) REFERENCES batch (seq) DEFERRABLE INITIALLY DEFERRED
)
 STRICT

;
CREATE TABLE exception_event (
	n INTEGER NOT NULL, 
	recorded INTEGER NOT NULL, 
	exception_id TEXT NOT NULL, 
	status TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	swept_to TEXT, 
	PRIMARY KEY (n), 
	CHECK (status in ('open', 'waived', 'swept', 'fixed')), 
	FOREIGN KEY(recorded) REFERENCES batch (seq) DEFERRABLE INITIALLY DEFERRED
)
 STRICT

;
CREATE TABLE fixed_setting (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	batch INTEGER NOT NULL, 
	PRIMARY KEY ("key"), 
	FOREIGN KEY(batch) REFERENCES batch (seq) DEFERRABLE INITIALLY DEFERRED
)
 STRICT

;
INSERT INTO "fixed_setting" VALUES('entity','Example Trading LLC',1);
CREATE TABLE instrument_version (
	instrument TEXT NOT NULL, 
	asset_class TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	valid_from TEXT, 
	name TEXT NOT NULL, 
	multiplier_mantissa INTEGER NOT NULL, 
	multiplier_scale INTEGER NOT NULL, 
	quantity_decimals INTEGER NOT NULL, 
	isin TEXT NOT NULL, 
	cusip TEXT NOT NULL, 
	figi TEXT NOT NULL, 
	exchange TEXT NOT NULL, 
	country TEXT NOT NULL, 
	industry TEXT NOT NULL, 
	tax_class TEXT NOT NULL, 
	level INTEGER NOT NULL, 
	negative_price INTEGER NOT NULL, 
	other TEXT NOT NULL, 
	batch INTEGER NOT NULL, 
	"row" INTEGER NOT NULL, 
	PRIMARY KEY (instrument, batch, "row"), 
	FOREIGN KEY(batch) REFERENCES batch (seq) DEFERRABLE INITIALLY DEFERRED
)
 STRICT

;
INSERT INTO "instrument_version" VALUES('ACME','equity','USD',NULL,'Acme Inc.',1,0,0,'','','','','','','',0,0,'',1,2);
INSERT INTO "instrument_version" VALUES('EURUSD','fx_spot','USD',NULL,'',1,0,2,'','','','','','','',0,0,'{"base_currency":"EUR","day_count":"act/360"}',1,3);
INSERT INTO "instrument_version" VALUES('GBPUSD','fx_spot','USD',NULL,'',1,0,0,'','','','','','','',0,0,'{"base_currency":"GBP"}',1,4);
INSERT INTO "instrument_version" VALUES('ODD','fx_spot','USD',NULL,'',1,0,0,'','','','','','','',0,0,'',1,5);
CREATE TABLE mark_run (
	basis TEXT NOT NULL, 
	mark_date TEXT NOT NULL, 
	batch INTEGER NOT NULL, 
	PRIMARY KEY (basis, mark_date, batch), 
	FOREIGN KEY(batch) REFERENCES batch (seq) DEFERRABLE INITIALLY DEFERRED
)
 STRICT

;
CREATE TABLE posting (
	batch INTEGER NOT NULL, 
	basis TEXT NOT NULL, 
	chart TEXT NOT NULL, 
	PRIMARY KEY (batch, basis), 
	FOREIGN KEY(chart) REFERENCES chart_version (hash), 
	FOREIGN KEY(batch) REFERENCES batch (seq) DEFERRABLE INITIALLY DEFERRED
)
 STRICT

;
CREATE TABLE price (
	date TEXT NOT NULL, 
	instrument TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	price_mantissa INTEGER NOT NULL, 
	price_scale INTEGER NOT NULL, 
	currency TEXT NOT NULL, 
	source TEXT NOT NULL, 
	level INTEGER NOT NULL, 
	batch INTEGER NOT NULL, 
	"row" INTEGER NOT NULL, 
	PRIMARY KEY (date, instrument, version), 
	FOREIGN KEY(batch) REFERENCES batch (seq) DEFERRABLE INITIALLY DEFERRED
)
 STRICT

;
INSERT INTO "price" VALUES('2022-09-30','ACME',1,1250,0,'','',0,2,0);
CREATE TABLE raw_file (
	sha256 TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	batch INTEGER NOT NULL, 
	PRIMARY KEY (sha256), 
	FOREIGN KEY(batch) REFERENCES batch (seq) DEFERRABLE INITIALLY DEFERRED
)
 STRICT

;
INSERT INTO "raw_file" VALUES('64f0a5e9c587ce127dfeae10abb80be7f28ac9e3fb7bc83521f44d65a9a27838',48,1);
CREATE TABLE refused_command (
	n INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	command TEXT NOT NULL, 
	arguments TEXT NOT NULL, 
	codes TEXT NOT NULL, 
	PRIMARY KEY (n)
)
 STRICT

;
CREATE TABLE segment (
	n INTEGER NOT NULL, 
	batch INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	basis TEXT NOT NULL, 
	period TEXT NOT NULL, 
	path TEXT NOT NULL, 
	content_hash TEXT NOT NULL, 
	file_sha256 TEXT NOT NULL, 
	previous TEXT NOT NULL, 
	chain TEXT NOT NULL, 
	rows INTEGER NOT NULL, 
	first_seq INTEGER, 
	last_seq INTEGER, 
	schema_version INTEGER NOT NULL, 
	debit TEXT, 
	credit TEXT, 
	PRIMARY KEY (n), 
	CHECK (rows >= 0), 
	UNIQUE (kind, basis, chain), 
	UNIQUE (path), 
	FOREIGN KEY(batch) REFERENCES batch (seq) DEFERRABLE INITIALLY DEFERRED
)
 STRICT

;
INSERT INTO "segment" VALUES(1,3,'lots','US-GAAP','2022-09','segments/lots/US-GAAP/2022-09/00000003-80752615cff71c89.parquet','80752615cff71c8908f615b2e0de74469851f7e121ec17a47624246dca604f71','a34e147b76811fc9ac9b6b8cbcb51ba0a02d7693cd9d2e6a488457733ec07901','0000000000000000000000000000000000000000000000000000000000000000','04f21f0e9566cc1d22c54eda8c40792d7d69531c4d844b29dbbc0037fc8632a2',1,NULL,NULL,1,NULL,NULL);
INSERT INTO "segment" VALUES(2,3,'unsettled','US-GAAP','2022-09','segments/unsettled/US-GAAP/2022-09/00000003-92fe320fdc536ad0.parquet','92fe320fdc536ad0eb90f26e16391a68d16c42553070904f5820fb1b961786cb','4851fb8d197fd3d97bb865e063c99717baaaf67771fab0eed9988b6803a9ee67','0000000000000000000000000000000000000000000000000000000000000000','fb62d4b793853cb8f2689da7ca3ad908cc6f05689fde5940063b54734292c077',1,NULL,NULL,1,NULL,NULL);
INSERT INTO "segment" VALUES(3,3,'measures','US-GAAP','2022-09','segments/measures/US-GAAP/2022-09/00000003-b256f8f086d4b3d7.parquet','b256f8f086d4b3d7273deb8b55ac6af747f42a1f3d463c52ed30b42ab9c396b9','8b42d1c03648f6bc6258ba22a2dba4db22e9c60c423e560030c45081ed89d63c','0000000000000000000000000000000000000000000000000000000000000000','8df230cf9fec378f69dd365116ea1a616e01765cf5def249a89a1200e7b8fa75',1,NULL,NULL,1,NULL,NULL);
INSERT INTO "segment" VALUES(4,3,'lots','US-TAX','2022-09','segments/lots/US-TAX/2022-09/00000003-50dc55f4c1dfc316.parquet','50dc55f4c1dfc316784a0f7e5bc87186ed2010a77841dee50651feb37423eed2','6297e533c9bc71065903a739e617f64d8e4792e5739ce0dde4bf7434806fc3f9','0000000000000000000000000000000000000000000000000000000000000000','358959bc2ebd06251d8ef0601cb2b964a8fa018f265c627a49c09dec0d40fe16',1,NULL,NULL,1,NULL,NULL);
CREATE TRIGGER "batch_no_update" before update on "batch" begin select raise(abort, 'batch is append-only'); end;
CREATE TRIGGER "batch_no_delete" before delete on "batch" begin select raise(abort, 'batch is append-only'); end;
CREATE TRIGGER "batch_no_replace" before insert on "batch" begin select raise(abort, 'batch is append-only') where exists (select 1 from "batch" where "seq" = new."seq") or exists (select 1 from "batch" where "hash" = new."hash"); end;
CREATE TRIGGER "refused_command_no_update" before update on "refused_command" begin select raise(abort, 'refused_command is append-only'); end;
CREATE TRIGGER "refused_command_no_delete" before delete on "refused_command" begin select raise(abort, 'refused_command is append-only'); end;
CREATE TRIGGER "refused_command_no_replace" before insert on "refused_command" begin select raise(abort, 'refused_command is append-only') where exists (select 1 from "refused_command" where "n" = new."n"); end;
CREATE TRIGGER "fixed_setting_no_update" before update on "fixed_setting" begin select raise(abort, 'fixed_setting is append-only'); end;
CREATE TRIGGER "fixed_setting_no_delete" before delete on "fixed_setting" begin select raise(abort, 'fixed_setting is append-only'); end;
CREATE TRIGGER "fixed_setting_no_replace" before insert on "fixed_setting" begin select raise(abort, 'fixed_setting is append-only') where exists (select 1 from "fixed_setting" where "key" = new."key"); end;
CREATE TRIGGER "raw_file_no_update" before update on "raw_file" begin select raise(abort, 'raw_file is append-only'); end;
CREATE TRIGGER "raw_file_no_delete" before delete on "raw_file" begin select raise(abort, 'raw_file is append-only'); end;
CREATE TRIGGER "raw_file_no_replace" before insert on "raw_file" begin select raise(abort, 'raw_file is append-only') where exists (select 1 from "raw_file" where "sha256" = new."sha256"); end;
CREATE TRIGGER "segment_no_update" before update on "segment" begin select raise(abort, 'segment is append-only'); end;
CREATE TRIGGER "segment_no_delete" before delete on "segment" begin select raise(abort, 'segment is append-only'); end;
CREATE TRIGGER "segment_no_replace" before insert on "segment" begin select raise(abort, 'segment is append-only') where exists (select 1 from "segment" where "n" = new."n") or exists (select 1 from "segment" where "kind" = new."kind" and "basis" = new."basis" and "chain" = new."chain") or exists (select 1 from "segment" where "path" = new."path"); end;
CREATE TRIGGER "instrument_version_no_update" before update on "instrument_version" begin select raise(abort, 'instrument_version is append-only'); end;
CREATE TRIGGER "instrument_version_no_delete" before delete on "instrument_version" begin select raise(abort, 'instrument_version is append-only'); end;
CREATE TRIGGER "instrument_version_no_replace" before insert on "instrument_version" begin select raise(abort, 'instrument_version is append-only') where exists (select 1 from "instrument_version" where "instrument" = new."instrument" and "batch" = new."batch" and "row" = new."row"); end;
CREATE TRIGGER "price_no_update" before update on "price" begin select raise(abort, 'price is append-only'); end;
CREATE TRIGGER "price_no_delete" before delete on "price" begin select raise(abort, 'price is append-only'); end;
CREATE TRIGGER "price_no_replace" before insert on "price" begin select raise(abort, 'price is append-only') where exists (select 1 from "price" where "date" = new."date" and "instrument" = new."instrument" and "version" = new."version"); end;
CREATE TRIGGER "chart_version_no_update" before update on "chart_version" begin select raise(abort, 'chart_version is append-only'); end;
CREATE TRIGGER "chart_version_no_delete" before delete on "chart_version" begin select raise(abort, 'chart_version is append-only'); end;
CREATE TRIGGER "chart_version_no_replace" before insert on "chart_version" begin select raise(abort, 'chart_version is append-only') where exists (select 1 from "chart_version" where "hash" = new."hash"); end;
CREATE TRIGGER "posting_no_update" before update on "posting" begin select raise(abort, 'posting is append-only'); end;
CREATE TRIGGER "posting_no_delete" before delete on "posting" begin select raise(abort, 'posting is append-only'); end;
CREATE TRIGGER "posting_no_replace" before insert on "posting" begin select raise(abort, 'posting is append-only') where exists (select 1 from "posting" where "batch" = new."batch" and "basis" = new."basis"); end;
CREATE TRIGGER "close_seal_no_update" before update on "close_seal" begin select raise(abort, 'close_seal is append-only'); end;
CREATE TRIGGER "close_seal_no_delete" before delete on "close_seal" begin select raise(abort, 'close_seal is append-only'); end;
CREATE TRIGGER "close_seal_no_replace" before insert on "close_seal" begin select raise(abort, 'close_seal is append-only') where exists (select 1 from "close_seal" where "basis" = new."basis" and "n" = new."n") or exists (select 1 from "close_seal" where "basis" = new."basis" and "period" = new."period" and "version" = new."version") or exists (select 1 from "close_seal" where "hash" = new."hash"); end;
CREATE TRIGGER "mark_run_no_update" before update on "mark_run" begin select raise(abort, 'mark_run is append-only'); end;
CREATE TRIGGER "mark_run_no_delete" before delete on "mark_run" begin select raise(abort, 'mark_run is append-only'); end;
CREATE TRIGGER "mark_run_no_replace" before insert on "mark_run" begin select raise(abort, 'mark_run is append-only') where exists (select 1 from "mark_run" where "basis" = new."basis" and "mark_date" = new."mark_date" and "batch" = new."batch"); end;
CREATE TRIGGER "exception_no_update" before update on "exception" begin select raise(abort, 'exception is append-only'); end;
CREATE TRIGGER "exception_no_delete" before delete on "exception" begin select raise(abort, 'exception is append-only'); end;
CREATE TRIGGER "exception_no_replace" before insert on "exception" begin select raise(abort, 'exception is append-only') where exists (select 1 from "exception" where "exception_id" = new."exception_id" and "recorded" = new."recorded"); end;
CREATE TRIGGER "exception_event_no_update" before update on "exception_event" begin select raise(abort, 'exception_event is append-only'); end;
CREATE TRIGGER "exception_event_no_delete" before delete on "exception_event" begin select raise(abort, 'exception_event is append-only'); end;
CREATE TRIGGER "exception_event_no_replace" before insert on "exception_event" begin select raise(abort, 'exception_event is append-only') where exists (select 1 from "exception_event" where "n" = new."n"); end;
CREATE TRIGGER "batch_in_order" before insert on "batch" begin select raise(abort, 'batch: gap in the numbers') where new."seq" <> (select coalesce(max("seq"), 0) + 1 from "batch" where 1); select raise(abort, 'batch: chain broken') where new."previous" <> coalesce((select "hash" from "batch" where 1 order by "seq" desc limit 1), '0000000000000000000000000000000000000000000000000000000000000000'); end;
CREATE TRIGGER "close_seal_in_order" before insert on "close_seal" begin select raise(abort, 'close_seal: gap in the numbers') where new."n" <> (select coalesce(max("n"), 0) + 1 from "close_seal" where 1 and "basis" = new."basis"); select raise(abort, 'close_seal: chain broken') where new."previous" <> coalesce((select "hash" from "close_seal" where 1 and "basis" = new."basis" order by "n" desc limit 1), '0000000000000000000000000000000000000000000000000000000000000000'); end;
CREATE TRIGGER "segment_in_order" before insert on segment begin select raise(abort, 'segment: gap in the numbers') where new.n <> (select coalesce(max(n), 0) + 1 from segment); select raise(abort, 'segment: chain broken') where new.previous <> coalesce((select chain from segment where kind = new.kind and basis = new.basis order by n desc limit 1), '0000000000000000000000000000000000000000000000000000000000000000'); select raise(abort, 'segment: gap in the entry numbers') where new.kind = 'entries' and (new.first_seq is null or new.last_seq is null or new.last_seq - new.first_seq + 1 <> new.rows or new.first_seq <> (select coalesce(max(last_seq), 0) + 1 from segment where kind = new.kind and basis = new.basis)); select raise(abort, 'segment: debit and credit differ') where new.kind = 'lines' and (new.debit is null or new.credit is null or new.debit <> new.credit); end;
COMMIT;
