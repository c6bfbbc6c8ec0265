// What people call identifiers: in sentences, keys and columns. Written apart from the detectors' own word lists.

const groups = {
  'uk-nhs-number': 'NHS number|nhs_number|NHS No', 'uk-chi-number': 'CHI number|chi',
  'uk-national-insurance-number': 'National Insurance number|nino|NI number', 'uk-unique-taxpayer-reference': 'UTR|unique taxpayer reference',
  'uk-vat-number': 'VAT number|vat_no', 'uk-driving-licence': 'driving licence number|driving_licence', 'ie-pps-number': 'PPS number|ppsn|pps_no',
  'de-tax-id': 'Steuer-ID|Steueridentifikationsnummer|steuer_id|German tax ID|IdNr', 'de-pension-insurance-number': 'Rentenversicherungsnummer|Sozialversicherungsnummer|SV-Nummer',
  'de-health-insurance-number': 'Krankenversichertennummer|KVNR|Versichertennummer', 'at-social-insurance-number': 'SVNR|Sozialversicherungsnummer|sv_nummer',
  'ch-ahv-number': 'AHV-Nummer|ahv|num\u00e9ro AVS', 'ch-uid': 'UID|uid', 'fr-nir': 'num\u00e9ro de s\u00e9curit\u00e9 sociale|NIR|nir|num_secu', 'fr-siren': 'SIREN|siren', 'fr-siret': 'SIRET|siret',
  'fr-tax-number': 'num\u00e9ro fiscal|numero_fiscal|SPI', 'be-national-number': 'rijksregisternummer|num\u00e9ro national|NISS|insz', 'be-enterprise-number': 'ondernemingsnummer|enterprise number|KBO',
  'nl-bsn': 'BSN|burgerservicenummer|bsn', 'lu-national-id': 'matricule|national identification number', 'it-codice-fiscale': 'codice fiscale|codice_fiscale|CF', 'it-partita-iva': 'Partita IVA|p_iva|P.IVA',
  'es-nif': 'DNI|NIF|dni', 'es-nie': 'NIE|nie', 'es-cif': 'CIF|cif', 'es-social-security-number': 'n\u00famero de la seguridad social|NSS|naf', 'pt-nif': 'NIF|contribuinte|n\u00famero de contribuinte',
  'pt-citizen-card': 'Cart\u00e3o de Cidad\u00e3o|citizen card', 'gr-afm': '\u0391\u03a6\u039c|AFM|afm', 'gr-amka': '\u0391\u039c\u039a\u0391|AMKA', 'hr-oib': 'OIB|oib', 'yu-jmbg': 'JMBG|jmbg|EM\u0160O', 'si-tax-number': 'dav\u010dna \u0161tevilka|davcna_stevilka',
  'se-personnummer': 'personnummer|personnr|Swedish personal number', 'fi-hetu': 'henkil\u00f6tunnus|hetu', 'fi-business-id': 'Y-tunnus|business ID', 'dk-cpr-number': 'CPR-nummer|cpr|CPR', 'dk-cvr-number': 'CVR|cvr_nummer',
  'no-fodselsnummer': 'f\u00f8dselsnummer|fodselsnummer|personnummer', 'no-organisation-number': 'organisasjonsnummer|orgnr', 'is-kennitala': 'kennitala|kt', 'ee-personal-code': 'isikukood|personal code', 'lt-personal-code': 'asmens kodas|asmens_kodas',
  'lv-personal-code': 'personas kods|personas_kods', 'pl-pesel': 'PESEL|pesel|numer PESEL', 'pl-nip': 'NIP|nip', 'pl-regon': 'REGON|regon', 'pl-identity-card': 'dow\u00f3d osobisty|numer dowodu', 'cz-birth-number': 'rodn\u00e9 \u010d\u00edslo|rodne_cislo|birth number',
  'cz-company-number': 'I\u010cO|ico', 'hu-tax-id': 'ad\u00f3azonos\u00edt\u00f3 jel|adoazonosito', 'hu-social-security-number': 'TAJ sz\u00e1m|taj', 'ro-cnp': 'CNP|cnp|cod numeric personal', 'ro-company-number': 'CUI|cui', 'bg-egn': '\u0415\u0413\u041d|egn',
  'md-idnp': 'IDNP|idnp', 'ua-tax-number': '\u0420\u041d\u041e\u041a\u041f\u041f|\u0406\u041f\u041d', 'ru-inn': '\u0418\u041d\u041d|inn', 'ru-snils': '\u0421\u041d\u0418\u041b\u0421|snils', 'ru-ogrn': '\u041e\u0413\u0420\u041d|ogrn', 'kz-iin': '\u0418\u0418\u041d|iin', 'eu-vat-number': 'VAT ID|USt-IdNr|TVA|vat_id',
  'us-ssn': 'SSN|social security number|ssn|Social Security #', 'us-itin': 'ITIN|taxpayer identification number', 'us-npi': 'NPI|npi', 'us-dea-number': 'DEA number|dea', 'us-medicare-number': 'Medicare number|MBI', 'us-bank-routing-number': 'routing number|ABA|routing_number',
  'ca-sin': 'SIN|Social Insurance Number|sin', 'ca-business-number': 'business number|GST/HST', 'ca-ontario-health-number': 'OHIP|health card number', 'ca-bc-health-number': 'PHN|personal health number', 'ca-quebec-health-number': 'RAMQ|NAM',
  'au-tfn': 'TFN|tax file number|tfn', 'au-abn': 'ABN|abn', 'au-acn': 'ACN|acn', 'au-medicare-number': 'Medicare number|medicare_card', 'nz-ird-number': 'IRD number|ird', 'nz-health-number': 'NHI|nhi_number',
  'br-cpf': 'CPF|cpf', 'br-cnpj': 'CNPJ|cnpj', 'br-pis': 'PIS|PIS/PASEP', 'br-voter-title': 't\u00edtulo de eleitor|titulo_eleitor', 'mx-curp': 'CURP|curp', 'mx-rfc': 'RFC|rfc', 'mx-clabe': 'CLABE|clabe', 'mx-social-security-number': 'NSS|n\u00famero de seguro social',
  'ar-cuit': 'CUIT|CUIL|cuit', 'ar-cbu': 'CBU|cbu', 'cl-rut': 'RUT|rut', 'co-nit': 'NIT|nit', 'pe-ruc': 'RUC|ruc', 'ec-cedula': 'c\u00e9dula|cedula', 'uy-cedula': 'c\u00e9dula de identidad|CI', 've-rif': 'RIF|rif', 'do-cedula': 'c\u00e9dula|cedula',
  'in-aadhaar': 'Aadhaar|aadhaar_number|Aadhaar no', 'in-pan': 'PAN|pan_number', 'in-gstin': 'GSTIN|gstin', 'in-voter-id': 'voter ID|EPIC', 'cn-resident-id': '\u8eab\u4efd\u8bc1\u53f7|id_card|resident ID', 'cn-social-credit-code': '\u7edf\u4e00\u793e\u4f1a\u4fe1\u7528\u4ee3\u7801|uscc',
  'hk-identity-card': 'HKID|hkid', 'tw-national-id': '\u8eab\u5206\u8b49\u5b57\u865f|Taiwan national ID', 'jp-my-number': '\u30de\u30a4\u30ca\u30f3\u30d0\u30fc|my_number|My Number', 'kr-resident-number': '\uc8fc\ubbfc\ub4f1\ub85d\ubc88\ud638|RRN', 'kr-business-number': '\uc0ac\uc5c5\uc790\ub4f1\ub85d\ubc88\ud638|BRN',
  'th-national-id': '\u0e40\u0e25\u0e02\u0e1a\u0e31\u0e15\u0e23\u0e1b\u0e23\u0e30\u0e0a\u0e32\u0e0a\u0e19|Thai ID', 'sg-nric': 'NRIC|nric|FIN', 'my-nric': 'MyKad|NRIC|no_kp', 'id-nik': 'NIK|nik|KTP', 'pk-cnic': 'CNIC|cnic', 'tr-tckn': 'TC Kimlik No|tckn', 'tr-vkn': 'Vergi No|vkn',
  'il-id': '\u05ea\u05e2\u05d5\u05d3\u05ea \u05d6\u05d4\u05d5\u05ea|teudat zehut|Israeli ID', 'ae-emirates-id': 'Emirates ID|emirates_id', 'sa-national-id': 'Iqama|\u0631\u0642\u0645 \u0627\u0644\u0647\u0648\u064a\u0629|national ID', 'ir-national-code': '\u06a9\u062f \u0645\u0644\u06cc|code melli', 'eg-national-id': '\u0627\u0644\u0631\u0642\u0645 \u0627\u0644\u0642\u0648\u0645\u064a|national ID', 'za-id-number': 'ID number|South African ID|id_number',
  'credit-card': 'card number|credit card|Kreditkarte|card_number|carte bancaire|tarjeta', iban: 'IBAN|iban|bank account|Konto', isin: 'ISIN|isin', cusip: 'CUSIP|cusip', sedol: 'SEDOL|sedol', 'legal-entity-identifier': 'LEI|lei',
  'bitcoin-address': 'BTC address|wallet', imei: 'IMEI|imei', iccid: 'ICCID|SIM', vin: 'VIN|vin|Fahrgestellnummer',
};
export const labels = Object.fromEntries(Object.entries(groups).map(([id, text]) => [id, text.split('|')]));

/** How people group the characters, besides writing them in one run. */
export const layouts = {
  'uk-nhs-number': ['3 3 4'], 'uk-national-insurance-number': ['2 2 2 2 1'], 'de-tax-id': ['2 3 3 3'], 'de-pension-insurance-number': ['2 6 1 3'], 'at-social-insurance-number': ['4 6'],
  'ch-ahv-number': ['3.4.4.2'], 'ch-uid': ['3-3.3.3'], 'fr-nir': ['1 2 2 2 3 3 2'], 'fr-siren': ['3 3 3'], 'fr-siret': ['3 3 3 5'], 'be-national-number': ['2.2.2-3.2'], 'be-enterprise-number': ['4.3.3'],
  'nl-bsn': ['4.2.3', '3 3 3'], 'es-nif': ['8-1', '2.3.3-1'], 'es-nie': ['1-7-1'], 'fi-business-id': ['7-1'], 'dk-cpr-number': ['6-4'], 'no-fodselsnummer': ['6 5'], 'is-kennitala': ['6-4'], 'lv-personal-code': ['6-5'],
  'pl-nip': ['3-3-2-2'], 'cz-birth-number': ['6/4'], 'hu-social-security-number': ['3 3 3'], 'ru-snils': ['3-3-3 2'], 'us-ssn': ['3-2-4', '3-2-4'], 'us-itin': ['3-2-4'], 'us-medicare-number': ['4-3-4'], 'ca-sin': ['3-3-3', '3 3 3'],
  'ca-ontario-health-number': ['4-3-3-2'], 'ca-quebec-health-number': ['4 4 4'], 'au-tfn': ['3 3 3'], 'au-abn': ['2 3 3 3'], 'au-acn': ['3 3 3'], 'au-medicare-number': ['4 5 1'], 'nz-ird-number': ['2-3-3'],
  'br-cpf': ['3.3.3-2'], 'br-cnpj': ['2.3.3/4-2'], 'br-pis': ['3.5.2-1'], 'ar-cuit': ['2-8-1'], 'do-cedula': ['3-7-1'], 've-rif': ['1-8-1'], 'in-aadhaar': ['4 4 4'], 'kr-resident-number': ['6-7'], 'kr-business-number': ['3-2-5'],
  'th-national-id': ['1-4-5-2-1'], 'my-nric': ['6-2-4'], 'pk-cnic': ['5-7-1'], 'jp-my-number': ['4 4 4'], 'ae-emirates-id': ['3-4-7-1'], 'uy-cedula': ['1.3.3-1'], imei: ['2-6-6-1'],
};
